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


class View:
    """One mount namespace, seen from ours: C(prefix) leads to its root, C(root) is where its process stands in it."""

    def __init__(self, prefix, root, own):
        self.prefix = prefix
        self.root = b"" if root == b"/" else root
        self.own = own

    def is_there(self):
        """Return whether the process still lives through which the namespace is seen."""
        return self.own or os.path.isdir(self.prefix)

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
        return os.lstat(self._plain(folder) + b"/" + name)

    def open_path(self, path):
        """Return the path to open for a path that maps shows. Raises OSError where our sight does not reach."""
        inner = self._inner(path)
        if inner is None:
            raise OSError("outside of the root of the process")
        return self._plain(inner)

    def _plain(self, inner):
        if self.own:
            return self.prefix + inner
        resolved = resolve(self.prefix, inner)
        if resolved is None:
            raise OSError("too many links")
        return resolved


def resolve(root, path):
    """Return where a path leads within a root, never out of it: an absolute link in a container means the container's root.

    Links that change meanwhile can mislead this, so what is found there is only ever compared, never trusted.
    """
    done = []
    todo = path.split(b"/")[::-1]
    links = 0
    while todo:
        name = todo.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            done = done[:-1]
            continue
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
        self._local = set()
        self._network = set()
        self._network_points = []
        self._learn(None)

    def of(self, pid, namespace):
        """Return (key, View): processes with the same key share what is known of a file."""
        if namespace is None or namespace == self.own_namespace:
            return b"", self._view(b"", self.own_root, b"/", True)
        root = self.proc.link(pid, b"root") or b"/"
        whole = self._views.get(namespace + b"/")
        if root != b"/" and whole is not None and whole.is_there():
            root = b"/"  # locked into a folder: a process that is not sees all of its files
        key = namespace + root
        # The process that the first view went through may have ended: its successor leads to the same files.
        view = self._views.get(key)
        if view is None or not view.is_there():
            view = self._views[key] = View(self.proc.path(pid, b"root"), root, False)
        return key, view

    def _view(self, key, prefix, root, own):
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = View(prefix, root, own)
        return view

    def is_network(self, device, pid):
        """Return whether a device, as maps writes it (C(fd:00)), is a network file system that must not be asked."""
        if self.ask_network or device in self._local:
            return False
        if device not in self._network:
            self._learn(pid)
            if device not in self._network:
                self._local.add(device)
        return device in self._network

    def is_network_path(self, path):
        """Return whether a path of our own namespace lies below a network file system that must not be asked."""
        return not self.ask_network and path.startswith(tuple(self._network_points))

    def _learn(self, pid):
        for mount in self.proc.mounts(pid):
            network = mount.fstype.split(b".")[0] in NETWORK_TYPES
            (self._network if network else self._local).add(_as_in_maps(mount.device))
            if network and pid is None:
                self._network_points.append(mount.point.rstrip(b"/") + b"/")


def _as_in_maps(device):
    """Return C(253:0) of mountinfo as C(fd:00), as maps writes it."""
    major, _colon, minor = device.partition(b":")
    try:
        return b"%02x:%02x" % (int(major), int(minor))
    except ValueError:
        return device
