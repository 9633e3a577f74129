# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the causes of SELinux denials are known by: what must never be allowed, ports, booleans, stray labels.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.pattern import Pattern


def _perms(words):
    return frozenset(words.encode("ascii").split())


class _Types:
    """Some types; those with special characters are regular expressions, compiled when first needed. All types where there are none."""

    def __init__(self, words):
        words = words.encode("ascii").split()
        self._names = frozenset(word for word in words if word.replace(b"_", b"").isalnum())
        self._patterns = b"|".join(word for word in words if word not in self._names)
        self._any, self._compiled = not words, None

    def match(self, kind):
        """Return whether a type (bytes) is one of them."""
        if self._any or kind in self._names:
            return True
        if self._compiled is None:
            self._compiled = re.compile(b"(?:" + (self._patterns or b"(?!)") + rb")\Z")
        return self._compiled.match(kind) is not None


FILES = _perms("file dir lnk_file sock_file fifo_file chr_file blk_file")
WRITES = _perms("write append create unlink rename add_name remove_name setattr link rmdir reparent relabelfrom relabelto")
_EXECUTES = "execute execute_no_trans entrypoint"

# Domains that talk to strangers: what they may not do, an intruder in them may not do.
_EXPOSED = (
    r"(?:httpd|nginx|php|tomcat|squid|haproxy|varnishd|postfix|sendmail|exim|dovecot|named|mysqld|mariadb|postgresql|redis|memcached|mongod"
    r"|smbd|nmbd|ftpd|vsftpd|nfsd|cupsd|snmpd|openvpn|container|svirt)\w*_t"
)
_NO_SHELL = r"postfix\w*_t sendmail_t exim_t dovecot\w*_t named_t mysqld_t postgresql_t"
_ANYBODY_WRITES = r"tmp_t \w*_tmp_t tmpfs_t \w*_tmpfs_t user_home_t httpd_sys_rw_content_t"

# What is never to be allowed: source, target, class, permissions one of which is enough (empty: any), and why.
DANGERS = tuple(
    (_Types(source), _Types(target), _Types(tclass), _perms(perms), why)
    for source, target, tclass, perms, why in (
        ("", "shadow_t", "", "", "it reaches for the password hashes"),
        ("", "security_t", "security", "load_policy setenforce setbool setsecparam", "it tries to change the SELinux policy or mode"),
        (_EXPOSED, "selinux_config_t semanage_store_t policy_config_t", "", "", "it reaches for the SELinux configuration"),
        ("", "", "system", "module_load module_request", "it tries to load a kernel module"),
        ("", "", "capability2? cap2?_userns", "sys_module sys_rawio mac_admin mac_override", "it asks for power over the kernel"),
        ("", "memory_device_t kmem_device_t proc_kcore_t", "", "", "it reaches for the memory of the machine"),
        ("", r"\w*_exec_t", "", "relabelto relabelfrom write append unlink rename", "it tries to replace or relabel a program"),
        ("", "", "process", "execmem execstack execheap", "it runs code from memory that it wrote, as exploits (and some old libraries) do"),
        ("", "", "file", "execmod", "it changes code that it has loaded, as exploits (and libraries with text relocations) do"),
        ("", "", "process", "ptrace", "it looks into another process"),
        (_EXPOSED, "sshd_key_t gpg_secret_t krb5_keytab_t", "", "", "a service reaches for private keys"),
        (_EXPOSED, "ssh_home_t cert_t sysctl_kernel_t kernel_t init_t", "", "write append create unlink add_name connectto",
         "a service reaches for keys or for the system itself"),
        (_EXPOSED, _ANYBODY_WRITES, "file", _EXECUTES, "a service runs a program from a directory that anybody, or it itself, may write to"),
        (_NO_SHELL, "shell_exec_t", "file", _EXECUTES, "a service that needs none starts a shell"),
    )
)

# Requests that some honest programs make too: high, the others are critical.
SUSPICIOUS = _perms("execmem execstack execheap execmod ptrace module_request")

# Ports that belong to nobody in the policy
GENERIC_PORTS = _perms("unreserved_port_t reserved_port_t hi_reserved_port_t ephemeral_port_t port_t")

# The port type that a domain may bind or connect to, to which a port of one's own is added.
PORT_TYPES = {
    domain.encode("ascii"): port
    for port, domains in (
        ("http_port_t", "httpd_t nginx_t haproxy_t tomcat_t varnishd_t"),
        ("squid_port_t", "squid_t"),
        ("ssh_port_t", "sshd_t"),
        ("mysqld_port_t", "mysqld_t"),
        ("postgresql_port_t", "postgresql_t"),
        ("redis_port_t", "redis_t"),
        ("memcache_port_t", "memcached_t"),
        ("mongod_port_t", "mongod_t"),
        ("amqp_port_t", "rabbitmq_t"),
        ("dns_port_t", "named_t dnsmasq_t unbound_t"),
        ("smbd_port_t", "smbd_t"),
        ("nmbd_port_t", "nmbd_t"),
        ("ftp_port_t", "ftpd_t"),
        ("rsync_port_t", "rsync_t"),
        ("smtp_port_t", "postfix_master_t postfix_smtp_t sendmail_t exim_t"),
        ("pop_port_t", "dovecot_t cyrus_t"),
        ("ldap_port_t", "slapd_t"),
        ("snmp_port_t", "snmpd_t"),
        ("ntp_port_t", "ntpd_t chronyd_t"),
        ("openvpn_port_t", "openvpn_t"),
        ("syslogd_port_t", "syslogd_t"),
        ("zabbix_port_t", "zabbix_t"),
        ("zabbix_agent_port_t", "zabbix_agent_t"),
        ("ipp_port_t", "cupsd_t"),
        ("radius_port_t", "radiusd_t"),
        ("websm_port_t", "cockpit_ws_t"),
    )
    for domain in domains.split()
}

# Source, target, classes, permissions (empty: any), boolean; the narrowest comes first.
_PORTS = r"\w*port_t"
_SOCKETS = "tcp_socket udp_socket dccp_socket sctp_socket"
_FILE_CLASSES = "file dir lnk_file sock_file fifo_file"
_HOMES = "user_home_dir_t home_root_t user_home_t"
BOOLEANS = tuple(
    (_Types(source), _Types(target), _Types(tclass), _perms(perms), boolean)
    for source, target, tclass, perms, boolean in (
        ("httpd_t", "mysqld_port_t postgresql_port_t mssql_port_t oracle_port_t gds_db_port_t", _SOCKETS, "name_connect", "httpd_can_network_connect_db"),
        ("httpd_t", "smtp_port_t pop_port_t", _SOCKETS, "name_connect", "httpd_can_sendmail"),
        ("httpd_t", "ldap_port_t", _SOCKETS, "name_connect", "httpd_can_connect_ldap"),
        ("httpd_t", "memcache_port_t", _SOCKETS, "name_connect", "httpd_can_network_memcache"),
        ("httpd_t", "ftp_port_t", _SOCKETS, "name_connect", "httpd_can_connect_ftp"),
        ("httpd_t", "zabbix_port_t", _SOCKETS, "name_connect", "httpd_can_connect_zabbix"),
        ("httpd_t", "http_port_t http_cache_port_t squid_port_t", _SOCKETS, "name_connect", "httpd_can_network_relay"),
        ("httpd_t httpd_sys_script_t nginx_t", _PORTS, _SOCKETS, "name_connect", "httpd_can_network_connect"),
        ("haproxy_t", _PORTS, _SOCKETS, "name_connect name_bind", "haproxy_connect_any"),
        ("squid_t", _PORTS, _SOCKETS, "name_connect name_bind", "squid_connect_any"),
        ("ftpd_t", _PORTS, _SOCKETS, "name_connect", "ftpd_connect_all_unreserved"),
        ("mysqld_t", _PORTS, _SOCKETS, "name_connect", "mysql_connect_any"),
        (r"httpd_t httpd_\w+_script_t", _HOMES + " httpd_user_content_t", _FILE_CLASSES, "", "httpd_enable_homedirs"),
        ("httpd_t", "nfs_t", _FILE_CLASSES, "", "httpd_use_nfs"),
        ("httpd_t", "cifs_t", _FILE_CLASSES, "", "httpd_use_cifs"),
        ("httpd_t", "fusefs_t", _FILE_CLASSES, "", "httpd_use_fusefs"),
        ("httpd_t", "sendmail_exec_t", "file", _EXECUTES, "httpd_can_sendmail"),
        ("httpd_t", "public_content_rw_t", _FILE_CLASSES, "write append create unlink add_name remove_name", "httpd_anon_write"),
        ("smbd_t", _HOMES, _FILE_CLASSES, "", "samba_enable_home_dirs"),
        ("smbd_t", "nfs_t", _FILE_CLASSES, "", "samba_share_nfs"),
        ("smbd_t", "fusefs_t", _FILE_CLASSES, "", "samba_share_fusefs"),
        ("smbd_t", "public_content_rw_t", _FILE_CLASSES, "write append create unlink add_name remove_name", "smbd_anon_write"),
        ("ftpd_t", _HOMES, _FILE_CLASSES, "", "ftpd_full_access"),
        ("ftpd_t", "nfs_t", _FILE_CLASSES, "", "ftpd_use_nfs"),
        ("ftpd_t", "cifs_t", _FILE_CLASSES, "", "ftpd_use_cifs"),
        ("ftpd_t", "public_content_rw_t", _FILE_CLASSES, "write append create unlink add_name remove_name", "ftpd_anon_write"),
        ("", "nfs_t", _FILE_CLASSES, "", "use_nfs_home_dirs"),
        ("", "cifs_t", _FILE_CLASSES, "", "use_samba_home_dirs"),
    )
)

# Types that a file has when it was moved, restored or mounted without its label, where its path says that it should have another.
# Used where the policy's file contexts do not say: type, where the path begins, permissions (empty: any), how sure.
STRAY_LABELS = tuple(
    (_Types(target), Pattern(place), _perms(perms), sure)
    for target, place, perms, sure in (
        ("default_t unlabeled_t file_t", rb"/", "", "high"),
        ("user_home_t user_home_dir_t admin_home_t", rb"/(?:var|srv|opt|etc|usr|data|www)/", "", "high"),
        ("tmp_t user_tmp_t", rb"/(?!tmp/|var/tmp/|dev/shm/|run/)", "", "high"),
        ("var_t", rb"/var/(?:www|lib|log|spool|cache)/", "", "medium"),
        ("httpd_sys_content_t etc_t", rb"/(?:home|root)/", "", "medium"),
        ("usr_t var_t etc_t mnt_t root_t", rb"/", _EXECUTES, "medium"),
    )
)
