# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel complained of: memory, disks, file systems, the processor, crashes.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re
import shlex

from ..host.finding import finding, text
from .log_digest_table import Tally, Topic, row, shown

# Floppy and CD drives that virtual machines only pretend to have: their read errors mean an empty drive.
EMPTY_DRIVES = re.compile(rb"(?:fd|sr)\d\Z")

# The words differ over kernel versions; every row names the oldest and newest form that is known to it.
KERNEL = (
    row("oom", b"Killed process",
        rb"(?:Memory cgroup out of memory: |Out of memory(?: \([^)]{1,40}\))?: )?Killed process \d{1,10},? (?:UID \d{1,10},? )?\((?P<what>.{1,64}?)\)",
        "count", "a process was killed because memory ran out",
        b"Out of memory: Killed process 4242 (java) total-vm:8123456kB, anon-rss:4000000kB"),
    row("oom_unit", b"oom-kill:",
        rb"oom-kill:.{0,1000}?,task_memcg=(?P<cgroup>[^,]{1,500}),task=(?P<what>.{1,64}?),pid=\d+",
        "oom_unit", "of which unit it was (5.0 and later)",
        b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/a.service,"
        b"task_memcg=/system.slice/a.service,task=java,pid=4242,uid=0"),
    row("filesystem_readonly", (
        b"emounting filesystem read-only", b"hutting down filesystem", b"ilesystem has been shut down", b"forced readonly", b"Remounting read-only",
    ),
        rb"(?:EXT[234]-fs|XFS|BTRFS|F2FS-fs|JFS)[^(]{0,60}\((?:device )?(?P<what>[^)\s:]{1,60})",
        "count", "a file system stopped accepting writes after an error",
        b"EXT4-fs (sda1): Remounting filesystem read-only"),
    row("filesystem_error", (b"EXT4-fs error", b"EXT3-fs error", b"XFS (", b"BTRFS error", b"BTRFS critical", b"BTRFS: error"),
        rb"(?:EXT[34]-fs error \(device (?P<what>[^)]{1,60})\)|XFS \((?P<what2>[^)]{1,60})\): .{0,200}(?:[Cc]orrupt|I/O [Ee]rror|log mount/recovery failed)"
        rb"|BTRFS:? (?:error|critical) \(device (?P<what3>[^):\s]{1,60}))",
        "count", "damage on a file system",
        b"EXT4-fs error (device sda1): ext4_lookup:1602: inode #131: comm ls: deleted inode referenced: 1234"),
    row("io_error", (b"I/O error", b"critical ", b"medium error", b"Medium Error", b"IO error"),
        rb"(?:.{0,60}(?:I/O error|critical \w{1,20} error|critical space allocation error), ?(?:on )?dev(?:ice)? (?P<what>[A-Za-z0-9_!/-]{1,40})"
        rb"|Buffer I/O error on dev(?:ice)? (?P<what2>[A-Za-z0-9_!/-]{1,40})|sd \S{1,20} \[(?P<what3>[a-z]{1,10})\] .{0,100}Medium Error)",
        "count", "a disk could not read or write",
        b"blk_update_request: I/O error, dev sda, sector 123456 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0"),
    row("raid_failure", b"Disk failure on",
        rb"md/raid\S{0,20}:(?P<what>\S{1,40}): Disk failure on (?P<disk>\S{1,40}),? ",
        "count", "a disk left an array",
        b"md/raid1:md0: Disk failure on sdb1, disabling device."),
    row("disk_timeout", (b"QID ", b"exception Emask"),
        rb"(?:nvme (?P<what>nvme\d{1,4}): (?:I/O|I/O tag) \d{1,6} .{0,60}QID \d{1,6} timeout|(?P<what2>ata\d{1,4})(?:\.\d{1,3})?: exception Emask)",
        "count", "a disk or its cable did not answer in time",
        b"nvme nvme0: I/O 832 QID 5 timeout, aborting"),
    row("machine_check", (b"[Hardware Error]", b"Machine check events logged", b"EDAC "),
        rb"(?:mce: )?(?:\[Hardware Error\]: (?:Machine check|.{0,40}CPU \d{1,4}: Machine Check|.{0,80}Uncorrected|event severity: (?:fatal|recoverable))"
        rb"|.{0,40}Machine check events logged|EDAC \S{1,20}: \d{1,9} UE )",
        "count", "the processor or the memory reported an error",
        b"mce: [Hardware Error]: Machine check events logged"),
    row("memory_corrected", (b"EDAC ", b"orrected error"),
        rb"(?:EDAC \S{1,20}: \d{1,9} CE |.{0,80}[Cc]orrected error)",
        "count", "a memory error that was corrected: the module may be ageing",
        b"EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0"),
    row("panic", b"Kernel panic",
        rb"Kernel panic",
        "count", "the kernel stopped",
        b"Kernel panic - not syncing: Fatal exception"),
    row("oops", (b"BUG: ", b"kernel BUG at", b"Oops: ", b"general protection fault: ", b"Unable to handle kernel", b"Internal error: "),
        rb"(?:BUG: (?!soft lockup)(?!workqueue)|kernel BUG at|.{0,20}Oops: |general protection fault: \w{4} |Unable to handle kernel|Internal error: )",
        "count", "a fault in the kernel: it goes on, but not in a state to trust",
        b"BUG: unable to handle page fault for address: ffffdeadbeef0000"),
    row("lockup", (b"soft lockup", b"hard LOCKUP", b"rcu_sched", b"rcu_preempt", b"workqueue lockup"),
        rb".{0,60}(?:soft lockup|hard LOCKUP|detected(?: expedited)? stalls|self-detected stall|workqueue lockup)",
        "count", "a processor did nothing else for seconds",
        b"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:0:1234]"),
    row("hung_task", b"blocked for more than",
        rb"INFO: task (?P<what>.{1,64}?):\d{1,10} blocked for more than",
        "count", "a process waits for a disk that does not answer",
        b"INFO: task jbd2/sda1-8:311 blocked for more than 120 seconds."),
    row("segfault", (b"segfault at", b"general protection", b"trap "),
        rb"(?:traps: )?(?P<what>.{1,64}?)\[\d{1,10}\](?::? segfault at| general protection| trap )",
        "count", "a program crashed",
        b"ruby[4242]: segfault at 10 ip 00007f1c2a4b1c2d sp 00007ffd0a0b error 4 in libruby.so.3.1[7f1c2a400000+300000]"),
    row("connection_table_full", b"table full",
        rb".{0,60}(?:nf_conntrack|ip_conntrack).{0,60}table full",
        "count", "the firewall dropped connections for want of room",
        b"nf_conntrack: nf_conntrack: table full, dropping packet"),
    row("syn_flood", b"SYN flooding",
        rb".{0,60}ossible SYN flooding on port (?:\S{1,60}:)?(?P<what>\d{1,5})",
        "count", "more new connections than a port could take",
        b"TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.  Check SNMP counters."),
    row("module_unsigned", b"tainting kernel",
        rb"(?P<what>\S{1,60}): (?:module verification failed|loading out-of-tree module)",
        "count", "a module that the distribution did not sign was loaded",
        b"evil: module verification failed: signature and/or required key missing - tainting kernel"),
    row("link_down", b"ink is ",
        rb".{0,80}?(?P<what>[a-z][a-z0-9]{1,15}):? .{0,40}[Ll]ink is [Dd]own",
        "count", "a network cable or its other end",
        b"e1000e 0000:00:1f.6 eno1: NIC Link is Down"),
    row("recovered", (b"recovery complete", b"ecovery required", b"Starting recovery", b"Ending recovery"),
        rb".*",
        None, "a file system was not unmounted at the last shutdown",
        b"EXT4-fs (sda1): recovery complete"),
)

Deed = collections.namedtuple("Deed", "severity title remedy commands references")

_DOCS = "https://www.kernel.org/doc/html/latest/"

# What deserves action: severity, title, remedy and commands; %s is what the message is about. The other rows are only told.
DEEDS = {
    "oom": Deed(
        "high", "Memory ran out: the kernel killed %s",
        "Find out who used the memory at that time; give the server or the unit more, or the program less.",
        ["journalctl -k -g 'Out of memory|oom-kill|Killed process' --since -2d", "systemctl status %s"], (_DOCS + "admin-guide/mm/concepts.html",)),
    "filesystem_readonly": Deed(
        "critical", "The file system on %s stopped accepting writes",
        "Save what is not saved elsewhere, then check the disk and repair the file system while it is not mounted.",
        ["grep -w -- %s /proc/self/mounts", "smartctl -a /dev/%s", "dmesg -T | grep -- %s"], ()),
    "filesystem_error": Deed(
        "high", "The file system on %s is damaged",
        "Check the disk, then repair the file system while it is not mounted.",
        ["dmesg -T | grep -- %s", "smartctl -a /dev/%s"], ()),
    "io_error": Deed(
        "high", "The disk %s could not be read or written",
        "Check the disk and its cable; make sure that the backup is fresh before anything else.",
        ["smartctl -a /dev/%s", "dmesg -T | grep -- %s"], ()),
    "raid_failure": Deed(
        "high", "The array %s lost a disk",
        "Replace the disk before the next one fails.",
        ["cat /proc/mdstat", "mdadm --detail /dev/%s"], ()),
    "machine_check": Deed(
        "high", "The hardware reported an error of processor or memory",
        "Read the decoded record; a server that repeats it wants a new part.",
        ["journalctl -k -g 'Hardware Error|EDAC' --since -2d", "ras-mc-ctl --summary"], (_DOCS + "admin-guide/ras.html",)),
    "panic": Deed(
        "high", "The kernel panicked",
        "Look at what came before it, update the kernel, check the hardware.",
        ["journalctl -k -b -1 -n 100"], ()),
    "oops": Deed(
        "high", "The kernel ran into a fault of its own",
        "Reboot when it suits, into the newest kernel; a repeated fault is a bug or bad hardware.",
        ["journalctl -k -g 'BUG|Oops|general protection' --since -2d"], (_DOCS + "admin-guide/bug-hunting.html",)),
    "lockup": Deed(
        "medium", "A processor was stuck for many seconds",
        "In a virtual machine: the host is overloaded. Otherwise: a driver or the hardware.",
        ["journalctl -k -g 'lockup|stall' --since -2d"], ()),
    "hung_task": Deed(
        "medium", "Processes waited minutes for a disk (%s)",
        "Look for a disk or network storage that does not answer.",
        ["journalctl -k -g 'blocked for more than' --since -2d"], ()),
    "connection_table_full": Deed(
        "medium", "The firewall dropped connections: its table was full",
        "Raise the limit, or find who opens so many connections.",
        ["sysctl net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_count"], ()),
}


class Kernel(Topic):
    """The kernel's complaints by kind and by what they are about."""

    TABLES = {b"kernel": KERNEL}

    def __init__(self):
        self.complaints = Tally(("what", "subject"))
        self.cgroups = {}

    def count(self, event):
        """Count one complaint under its row's name and what it is about (device, program, port)."""
        fields = event.match.groupdict()
        subject = fields.get("what") or fields.get("what2") or fields.get("what3") or b""
        name = event.row.name
        if name == "io_error" and EMPTY_DRIVES.match(subject):
            name = "empty_drive"
        self.complaints.add((name, subject), event.when, event.count, event.message[:400])

    def oom_unit(self, event):
        """Remember of which unit the killed program was."""
        if len(self.cgroups) < 100:
            self.cgroups[event["what"]] = event["cgroup"]

    def data(self, limit, cut):
        """Return the digest's C(kernel)."""
        return {"kernel": shown(self.complaints, limit, cut, "kernel")}

    def findings(self):
        """One finding for each kind of complaint and what it is about, where it deserves action."""
        found = []
        for (name, subject), (count, first, last, sample) in sorted(self.complaints.rows.items()):
            deed = DEEDS.get(name)
            if deed is None:
                continue
            shown_subject = text(subject, 100)
            evidence = [("kernel", sample)]
            commands = deed.commands
            if name == "oom":
                unit = unit_of_cgroup(self.cgroups.get(subject, b""))
                evidence += [("unit", unit)] if unit else []
                commands = [line.replace("%s", shlex.quote(text(unit, 200))) for line in commands if unit or "%s" not in line]
            found.append(finding(
                "log_digest.%s" % name, deed.severity, deed.title.replace("%s", shown_subject or "?"), shown_subject or name,
                evidence=evidence, remedy=deed.remedy, commands=[line.replace("%s", shlex.quote(shown_subject)) for line in commands],
                references=deed.references, count=count, first=first, last=last,
            ))
        return found


def unit_of_cgroup(path):
    """Return the service of a control group's path (bytes), nothing where it belongs to none."""
    units = [part for part in path.split(b"/") if part.endswith(b".service")]
    return units[-1] if units else b""
