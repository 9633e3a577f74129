# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files as the processes of one mount namespace see them.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

# Asking for a file there can hang for as long as a server elsewhere does not answer.
NETWORK_TYPES = (
    b"nfs", b"nfs4", b"cifs", b"smb3", b"smbfs", b"9p", b"afs", b"ceph", b"glusterfs", b"lustre", b"gpfs", b"beegfs", b"orangefs",
    b"fuse", b"autofs", b"davfs", b"sshfs",
)

LINKS_LIMIT = 40


def is_network_type(name):
    """Return whether a type of file system (C(fuse.sshfs)) has its files elsewhere."""
    return name.split(b".")[0] in NETWORK_TYPES


class Unasked(OSError):
    """What lies there lies on a network file system, which is not asked."""


class Places:
    """Which paths of a namespace lie on a network file system, by its mounts in their order (whose points begin at the root of a process).

    C(some): whether there are such at all. C(unasked): the paths that were not looked at for it.
    """

    def __init__(self, mounts, ask_network, unasked):
        self._mounts = [(mount.point.rstrip(b"/") + b"/", is_network_type(mount.fstype)) for mount in mounts]
        # systemd waits in /proc for programs of foreign systems; LXC answers for some files there.
        self.some = not ask_network and any(network and not point.startswith(b"/proc/") for point, network in self._mounts)
        self.unasked = unasked
        self._points = {point for point, _network in self._mounts}
        self._known = {}

    def over(self, path):
        """Return (point, is network) of the mount that a path lies on: the last one over it is the one that is seen."""
        folder = path if path + b"/" in self._points else os.path.dirname(path)
        if folder not in self._known:
            inside = folder.rstrip(b"/") + b"/"
            self._known[folder] = next((mount for mount in reversed(self._mounts) if inside.startswith(mount[0])), (b"/", False))
        return self._known[folder]

    def is_network(self, path):
        """Return whether a path lies on a file system that must not be asked."""
        return self.some and self.over(path)[1]

    def refuse(self, path, further=()):
        """Raise Unasked, and note the path with what was to be looked for further down, where it must not be asked for."""
        if self.is_network(path):
            self.unasked.add(b"/".join((path,) + tuple(further)))
            raise Unasked("on a network file system")


NOWHERE = Places([], False, set())


class View:
    """One mount namespace, seen from ours: C(prefix) leads to its root, C(root) is where its process stands in it.

    C(places) are its Places, C(process) a folder that is there as long as the process through which it is seen.
    """

    def __init__(self, prefix, root, own, places=NOWHERE, process=None):
        self.prefix = prefix
        self.root = b"" if root == b"/" else root
        self.own = own
        self.places = places
        self._process = process

    def is_there(self):
        """Return whether the process still lives through which the namespace is seen. Its root itself may lie on a dead file system."""
        return self.own or os.path.isdir(self._process)

    def is_network(self, path):
        """Return whether a path that maps shows lies on a network file system that must not be asked."""
        if not self.places.some:
            return False
        inner = self._inner(path)
        return inner is not None and self.places.is_network(inner)

    def leaves_out(self, path):
        """Return whether a path must not be asked for, and note that it was not."""
        if self.is_network(path):
            self.places.unasked.add(path)
            return True
        return False

    def _inner(self, path):
        """Return a path of maps as the process itself would write it, None where it lies outside of its root."""
        if not self.root:
            return path
        if path.startswith(self.root + b"/"):
            return path[len(self.root):]
        return None

    def stat(self, path):
        """Return os.stat of a path that maps shows. Raises OSError, also where our sight does not reach."""
        return os.stat(self.open_path(path))

    def lstat(self, path):
        """The same of a symbolic link itself."""
        inner = self._inner(path)
        if inner is None:
            raise OSError("outside of the root of the process")
        folder, name = os.path.split(inner)
        folder = self._plain(folder)
        self.places.refuse(folder[len(self.prefix):] + b"/" + name)
        return os.lstat(folder + b"/" + name)

    def open_path(self, path):
        """Return the path to open for a path that maps shows. Raises OSError where our sight does not reach."""
        inner = self._inner(path)
        if inner is None:
            raise OSError("outside of the root of the process")
        return self._plain(inner)

    def _plain(self, inner):
        if self.own and not self.places.some:
            return self.prefix + inner
        resolved = resolve(self.prefix, inner, self.places)
        if resolved is None:
            raise OSError("too many links")
        return resolved


def resolve(root, path, places=NOWHERE):
    """Return where a path leads within a root, never out of it: an absolute link in a container means the container's root.

    Raises Unasked where a step lies on a network file system.

    Links that change meanwhile can mislead this, so what is found there is only ever compared, never trusted.
    """
    done = []
    if places.some:
        point, network = places.over(path)
        if not network:  # a disk may be mounted inside of what lies elsewhere
            done, path = [name for name in point.split(b"/") if name], path[len(point):]
    todo = path.split(b"/")[::-1]
    links = 0
    while todo:
        name = todo.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            done = done[:-1]
            continue
        if places.some:
            places.refuse(b"/".join([b""] + done + [name]), todo[::-1])
        try:
            target = os.readlink(b"/".join([root] + done + [name]))
        except OSError:
            done.append(name)
            continue
        links += 1
        if links > LINKS_LIMIT:
            return None
        if target.startswith(b"/"):
            done = []
        todo.extend(target.split(b"/")[::-1])
    return b"/".join([root] + done)


class Views:
    """All mount namespaces met in one scan, and which devices are not on this machine."""

    def __init__(self, proc, ask_network=False):
        self.proc = proc
        self.ask_network = ask_network
        self.own_namespace = proc.link(os.getpid(), b"ns/mnt")
        self.own_root = b"" if proc.machine.root == b"/" else proc.machine.root.rstrip(b"/")
        self._views = {}
        self._mounted, self._unknown, self._network = set(), set(), set()
        self.unasked = set()
        self._own_places = Places(self._learn(None), ask_network, self.unasked)

    def of(self, pid, namespace):
        """Return (key, View): processes with the same key share what is known of a file."""
        if namespace is None or namespace == self.own_namespace:
            view = self._views.get(b"")
            if view is None:
                view = self._views[b""] = View(self.own_root, b"/", True, self._own_places)
            return b"", view
        root = self.proc.link(pid, b"root") or b"/"
        whole = self._views.get(namespace + b"/")
        if root != b"/" and whole is not None and whole.is_there():
            root = b"/"  # locked into a folder: a process that is not sees all of its files
        key = namespace + root
        # The process that the first view went through may have ended: its successor leads to the same files.
        view = self._views.get(key)
        if view is None or not view.is_there():
            places = Places(self._learn(pid), self.ask_network, self.unasked)
            view = self._views[key] = View(self.proc.path(pid, b"root"), root, False, places, self.proc.path(pid, b"task"))
        return key, view

    def is_network(self, device, pid):
        """Return whether a device, as maps writes it (C(fd:00)), is a network file system that must not be asked."""
        if self.ask_network or device in self._mounted or device in self._unknown:
            return False
        if device not in self._network:
            self._learn(pid)
            if device not in self._network:
                self._unknown.add(device)
        return device in self._network

    def is_detached(self, device):
        """Return whether a device without a disk is mounted nowhere that was seen: C(umount -l) is what is done to a dead network mount."""
        return device.startswith(b"00:") and device not in self._mounted and not self.ask_network

    def _learn(self, pid):
        """Take in the devices that a process (None: we ourselves) has mounted, and return its mounts."""
        mounts = self.proc.mounts(pid)
        for mount in mounts:
            (self._network if is_network_type(mount.fstype) else self._mounted).add(_as_in_maps(mount.device))
        return mounts


def _as_in_maps(device):
    """Return C(253:0) of mountinfo as C(fd:00), as maps writes it."""
    major, _colon, minor = device.partition(b":")
    try:
        return b"%02x:%02x" % (int(major), int(minor))
    except ValueError:
        return device
