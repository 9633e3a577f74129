# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What robots ask web servers for: the one table of signatures; its rows of payloads stand in web_signatures_payloads.

A row: id, category, severity where the server answered it, where it is looked for, literals, pattern, why, an example, a near miss.

* where: C(path), C(query), C(target) (path and query), C(line) (the whole request), C(agent) (User-Agent), C(any) (target,
  User-Agent and Referer). Patterns see normalised text (web_probes_text.normalise): decoded, lower case, C(/) for C(\\).
* where C(refused): the whole line of a request that the server answered with 400.
* literals: no text matches the pattern without one of them; they are searched for first, on the skeleton. One of letters only
  stands for a whole word, one that begins with C(*) for letters anywhere; C(a+b): the word a, and b anywhere.
* a category or severity that begins with C(?) marks a weak signature: a name that some applications really have. It counts only
  where the server does not serve it to several clients.
* no pattern has a quantifier inside a quantifier over the same characters: paths are attacker's data.

The names of scanners follow the OWASP Core Rule Set (Apache-2.0), scanners-user-agents.data.
Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from .web_signatures_payloads import PAYLOADS

Signature = collections.namedtuple("Signature", "id category answered weak where literals pattern digits why example near_miss")

CATEGORIES = collections.OrderedDict((
    ("secrets", "secrets and dotfiles"),
    ("vcs_backup", "version control, backups and dumps"),
    ("rails", "Rails and Ruby"),
    ("traversal", "path traversal and file inclusion"),
    ("sqli", "SQL injection"),
    ("xss", "cross-site scripting"),
    ("injection", "command, code and template injection"),
    ("log4shell", "Log4Shell"),
    ("shellshock", "Shellshock"),
    ("webshell", "web shells"),
    ("cve", "known vulnerable paths"),
    ("cms_admin", "CMS and admin panels"),
    ("open_proxy", "open proxy tries"),
    ("scanner", "scanners by their User-Agent"),
    ("malformed", "not HTTP"),
))

# Name and extension of a script that a Rails application does not have.
_SCRIPT = br"\.(?:php\d?|phtml|phar|aspx?|ashx|asmx|ascx|axd|jspx?|jspa|jhtml|cfm|cgi|pl|do|action|dll|exe)"
_CONFIG = br"\.(?:ya?ml|json|xml|ini|toml|conf|cfg|env|txt|py|rb|pl|properties|asp|php|inc|nu|fish)"

_FILES = (
    # ---- secrets and dotfiles
    ("env_file", "secrets", "critical", "path", (b".env",),
     br"(?:/|^)[\w.-]{0,40}\.env(?:[._~-][\w.~-]{0,60})?/?$",
     "environment files hold database passwords and API keys", "GET /app/.env.production", "GET /environment"),
    ("dotfile", "secrets", "critical", "path", (b"/.",),
     br"/\.(?!well-known(?:/|$)|git|svn|hg|bzr|cvs|bundle|ruby|rspec|rubocop|env\b)[a-z_$][\w.+~-]*",
     "hidden files hold keys, histories and settings of tools", "GET /.aws/credentials", "GET /.well-known/acme-challenge/x"),
    ("private_key", "secrets", "critical", "path",
     (b"id_rsa", b"id_dsa", b"id_ecdsa", b"id_ed", b"pem+.pem", b"key+.key", b"pfx+.pfx", b"ppk+.ppk", b"jks+.jks", b"kdbx+.kdbx"),
     br"/(?:id_(?:rsa|dsa|ecdsa|ed\d{5})(?:\.\w{1,10}){0,2}"
     br"|[\w.-]{0,80}(?:private|server|ssl|domain|host|site|www|privkey|key|localhost|cert)[\w.-]{0,80}\.(?:pem"
     br"|key|pfx|ppk|jks)|[\w.-]+\.kdbx)$",
     "private keys", "GET /ssl/private.key", "GET /docs/public.keynote"),
    ("password_file", "secrets", "critical", "path",
     (b"htpasswd", b"htaccess", b"htdigest", b"shadow", b"passwd", b"passwords", b"password", b"pwd", b"initial_root_password", b"wallet",
      b"*password"),
     br"/(?:\.?ht(?:passwd|access|digest)(?:[.~-][\w.~-]*)?|etc/shadow|shadow|passwd|(?:passwords?|passwd|pwd|users?_?passwords?"
     br"|initial_root_password)\.(?:txt|csv|xlsx?|json|xml|db|lst|log|ya?ml)|initial_root_password|wallet\.dat)$",
     "password lists", "GET /passwords.txt", "GET /passwords/new"),
    ("credential_file", "secrets", "critical", "path",
     (b"auth", b"firebase", b"sendgrid", b"aws", b"*credential", b"*secret", b"*service_account", b"*serviceaccount", b"service-account",
      b"*api_token", b"*apitoken", b"api-token"),
     br"/(?:[\w-]{0,80}(?:credentials?|secrets?|service[_-]?accounts?(?:key)?|sendgrid|aws[_-]?(?:keys?|config|credentials?|secrets?)?|api[_-]?tokens?"
     br"|client_secrets?|firebase-adminsdk)[\w-]{0,80}\.(?:json|ya?ml|txt|env|csv|xml|ini|toml|properties|conf)|auth\.json)$",
     "keys of clouds and services", "GET /secrets.json", "GET /secret-garden"),
    ("config_file", "?secrets", "high", "path",
     (b"parameters", b"security", b"services", b"routing", b"setup", b"compose", b"local", b"env", b"web", b"/config", b".config", b"*settings"),
     br"/(?:(?:[\w-]+\.)?config(?:uration)?[\w.-]{0,30}" + _CONFIG
     + br"|(?:app)?settings[\w.-]{0,30}" + _CONFIG
     + br"|(?:config/)?(?:parameters|security|services|routing)\.(?:ya?ml|php|json)|app/etc/(?:env\.php|local\.xml)|web\.config[\w.]*"
     + br"|(?:docker-)?compose[\w.-]*\.ya?ml|setup\.(?:py|cfg|ini))[~\d]?$",
     "settings of an application", "GET /config.prod.yml", "GET /config"),
    ("wp_config", "secrets", "critical", "path", (b"wp",),
     br"\bwp-config(?!\.css|\.js)[\w.~-]*",
     "the database password of WordPress", "GET /wp-config.php.bak", "GET /wp-content/x.css"),
    ("tool_file", "?secrets", "high", "path",
     (b"package", b"packages", b"composer", b"yarn", b"webpack", b"gruntfile", b"gulpfile", b"npm", b"bower", b"dockerfile", b"phpcs",
      b"phpunit", b"pyproject", b"pytest", b"cargo", b"mod", b"sum", b"zig", b"coverage", b"ftp", b"sftp", b"makefile", b"vagrantfile",
      b"jenkinsfile", b"requirements", b"pipfile", b"poetry", b"tsconfig", b"desktop", b"thumbs", b"ws_ftp", b"weblogic", b"tfstate", b"tfvars",
      b"gitlab", b"fish_variables", b"ldap", b"serverless", b"aws", b"*gitlab_config"),
     br"/(?:package(?:s|-lock)?\.json|composer\.(?:json|lock|phar)|yarn\.lock|webpack\.[\w.]+|(?:grunt|gulp)file\.\w+|npm-shrinkwrap\.json|bower\.json"
     br"|dockerfile(?:[.-][\w.-]*)?|phpcs\.xml(?:\.dist)?|phpunit\.xml(?:\.dist)?|pyproject\.toml|pytest\.ini|cargo\.(?:toml|lock)|go\.(?:mod|sum)"
     br"|build\.zig(?:\.\w+)?|coverage\.xml|(?:ftp-sync|sftp)(?:[.-][\w-]*)?\.json|makefile|vagrantfile|jenkinsfile|requirements\.txt|pipfile(?:\.lock)?"
     br"|poetry\.lock|tsconfig\.json|desktop\.ini|thumbs\.db|ws_ftp\.\w+|weblogic\.xml|[\w.-]*\.tfstate(?:\.\w+)?|terraform\.tfvars|gitlab\.rb"
     br"|gitlab_config_\w*|fish_variables|ldap-authentication-report\.csv|serverless\.ya?ml|aws\.ya?ml)$",
     "files of a build that tell versions and names", "GET /composer.lock", "GET /packages/12"),
    ("server_ini", "secrets", "critical", "path", (b"ini+.ini", b"cnf+.cnf", b"conf+.conf", b"sslvpn_websession", b"blockcypher"),
     br"/(?:(?:php|boot|system|win|\.?user)\.ini|\.?my\.cnf|mysql(?:d|dump)?\.cnf|debian\.cnf|(?:nginx|httpd|apache\d?)\.conf|sslvpn_websession"
     br"|blockcypher\.log)$",
     "settings of the server's own services", "GET /my.cnf", "GET /winter.ini/x"),
    ("log_file", "secrets", "critical", "path", (b"log+.log", b"log+/log/", b"logs+/logs/", b"access_log", b"error_log", b"security_debug_log"),
     br"/(?:(?:access|error|errors|debug|php_errors?|security|laravel|server|application|app|system|install|update|deploy|mysql|mysqld|nginx|apache|dump"
     br"|npm-debug|yarn-(?:debug|error)|rsync|pm\d|catalina|auth|mail|cron|ftp|sql|trace|wp-errors?|storage/logs/[\w.-]+"
     br"|security_debug)[\w-]{0,20}\.log(?:\.(?:\d+|gz|old|txt|bak))*|logs?/[\w.-]+\.(?:log|txt)(?:\.\w+)?|(?:access|error|security_debug)_log)$",
     "logs hold addresses, sessions and traces", "GET /storage/logs/laravel.log", "GET /changelog"),
    ("system_path", "?traversal", "high", "path", (b"etc", b"usr", b"var", b"proc", b"boot", b"windows", b"system32", b"winnt"),
     br"^/(?:etc|usr|var|proc|boot|windows|system32|winnt)(?:/|$)",
     "the directories of the system, as if the root were served", "GET /etc/redis.conf", "GET /boots/winter"),
    ("process_files", "secrets", "critical", "path",
     (b"proc", b"sys", b"anaconda", b"miniconda", b"perl", b"openvpn", b"wg", b"nbproject", b"__pycache__", b"node_modules", b"inf", b"fd",
      b"/@"),
     br"^/(?:proc(?:/|$)|sys/(?:block|bus|class|dev|devices|firmware|fs|hypervisor|kernel|module|power|$)|@(?:fs|id)/|(?:mini|ana)conda\d/|perl/(?:lib"
     br"|bin)|openvpn/|wg-clients/|nbproject/|dev/fd/)|/(?:__pycache__|node_modules/\.(?:bin|cache)|(?:meta|web)-inf)(?:/|$)",
     "directories of the system, of tools and of Java applications", "GET /web-inf/web.xml", "GET /products/process"),
    # ---- version control, backups, dumps
    ("vcs", "vcs_backup", "critical", "path", (b"cvs", b"_darcs", b"/."),
     br"/\.(?:git|svn|hg|bzr|cvs)(?:[/_.-]|ignore|attributes|modules|config|keep|hub|lab|\w*$)|/cvs/(?:entries|root|repository)$|/_darcs/",
     "the whole source with its history", "GET /.git/config", "GET /legit/config"),
    ("backup_suffix", "vcs_backup", "critical", "path",
     (b"bak+.bak", b"backup+.backup", b"old+.old", b"orig+.orig", b"original+.original", b"sav+.sav", b"save+.save", b"swp+.swp", b"swo+.swo",
      b"copy+.copy", b"bkp+.bkp", b"bk+.bk", b"tmp+.tmp", b"inc+.inc", b"dist+.dist", b"sample+.sample", b"~"),
     br"[\w)]\.(?:bak|backup|old|orig(?:inal)?|sav|save|sw[op]|copy|bkp|bk|tmp|inc|dist|sample)(?:\d{1,3}|[.~]\w{0,10})?$|\.\w+~$|/~\w*\.\w+$",
     "a copy of a script is sent as text", "GET /index.php.bak", "GET /bakery"),
    ("sql_dump", "vcs_backup", "critical", "path",
     (b"sql+.sql", b"dump+.dump", b"dmp+.dmp", b"mdb+.mdb", b"sqlite+.sqlite", b"db+.db", b"pgdump+.pgdump", b"myd+.myd", b"frm+.frm",
      b"rdb+.rdb"),
     br"\.(?:sql|dump|dmp|mdb|sqlite\d?|db\d?|pgdump|myd|frm|rdb)(?:[-.]\w{1,4}){0,8}$(?<!/thumbs\.db)",
     "a dump of a database", "GET /backup/db.sql.gz", "GET /mysql-tuning"),
    ("site_archive", "vcs_backup", "critical", "path",
     (b"zip+.zip", b"rar+.rar", b"7z+.7z", b"tar+.tar", b"tgz+.tgz", b"gz+.gz", b"bz+.bz", b"tbz+.tbz", b"xz+.xz", b"war+.war", b"zst+.zst",
      b"sql+.sql"),
     br"^/(?:[\w.-]+/)?(?:[\w-]{0,80}(?:back-?up|bak|bckup)[\w-]{0,80}|dump|database|db|sql|mysql|www|wwwroot|public_html|htdocs|html|htdocs|httpdocs|sites?"
     br"|website|web|webroot|home|root|source|src|code|server|project|old|archive|prod(?:uction)?|staging|dev|full|domain|admin|portal"
     br"|\d{4})(?:[._-][\w.-]{0,20})?\.(?:zip|rar|\dz|tar|tgz|t?bz\d?|(?:tar\.)?(?:gz|bz\d|xz|zst)|war)$|^/(?:[\w-]{1,60}\.){1,4}(?:com|net|org|io|de|fr"
     br"|uk|es|it|nl|eu|info|biz|local)\.(?:zip|rar|\dz|tar|tgz|sql|(?:tar\.)?(?:gz|bz\d|xz|zst))$",
     "an archive of the site at a guessed name", "GET /backup.zip", "GET /downloads/manual.zip"),
    # ---- Rails and Ruby
    ("rails_key", "rails", "critical", "path", (b"master", b"credentials", b"secrets", b"secret_token", b"secret_key_base", b"user_secrets"),
     br"/(?:master\.key|credentials(?:/[\w-]+)?\.(?:yml\.enc|yml|key)|secrets\.yml(?:\.enc)?|(?:user_)?secrets\.yml|initializers/secret_(?:token"
     br"|key_base)\.rb|credentials/[\w-]+\.(?:key|yml\.enc))(?:$|[.~])",
     "the key that decrypts the application's secrets", "GET /config/master.key", "GET /mastery/key"),
    ("rails_config", "rails", "critical", "path", (b"database+/database.y", b"/config/"),
     br"/database\.ya?ml|/config/(?:application|boot|environment|environments/[\w-]+|initializers/[\w-]+|routes|puma|unicorn|sidekiq|deploy(?:/[\w-]+)?"
     br"|storage|cable|mongoid|redis|newrelic|locales/[\w-]+|webpacker|cache|queue)\.(?:rb|ya?ml)",
     "settings of a Rails application", "GET /config/database.yml", "GET /docs/config/routes"),
    ("rails_info", "rails", "critical", "path",
     (b"info+rails/info", b"mailers+rails/mailers", b"conductor+rails/conductor", b"console+rails/console"),
     br"^/(?:[\w-]+/)?rails/(?:info|mailers|conductor|console)(?:/|$)",
     "the pages of the development mode", "GET /rails/info/routes", "GET /rails/active_storage/blobs/redirect/x/info"),
    ("rails_log", "rails", "critical", "path", (b"log+/log/",),
     br"/log/(?:production|development|staging|test|puma[\w.]*|unicorn[\w.]*|sidekiq|newrelic_agent|delayed_job|cron|whenever|nginx\.\w+|bullet)\.log",
     "the application's log", "GET /log/production.log", "GET /blog/production.login"),
    ("ruby_source", "rails", "critical", "path",
     (b"gemfile", b"rakefile", b"capfile", b"procfile", b"guardfile", b"schema", b"seeds", b"structure", b"migrate", b"rb", b"erb", b"haml",
      b"slim", b"tmp", b"tasks", b"config.ru", b"/."),
     br"/(?:gemfile(?:\.lock)?|rakefile|capfile|procfile(?:\.dev)?|guardfile|config\.ru)$|/\.(?:bundle|ruby-(?:version|gemset)|rspec|rubocop)"
     br"|/db/(?:schema\.rb|seeds\.rb|structure\.sql|migrate(?:/|$))|^/app/(?:models|controllers|helpers|views|jobs|mailers|assets)/[\w/.-]*\.(?:rb|erb"
     br"|haml|slim)\b|^/tmp/(?:restart\.txt|cache|pids|sockets|sessions)|^/lib/tasks(?:/|$)",
     "source and state of a Ruby application", "GET /Gemfile.lock", "GET /gemfiles"),
    ("rails_folder", "?rails", "critical", "path", (b"storage", b"public", b"log"),
     br"^/(?:storage|public|log)/?$",
     "a folder of the application itself, listed by the web server", "GET /storage/", "GET /storage-boxes"),
    ("rails_mail_viewer", "rails", "critical", "path", (b"letter_opener",),
     br"^/(?:[\w-]+/)?letter_opener(?:/|$)",
     "mails of the development mode", "GET /letter_opener", "GET /letters/opener"),
    ("rails_console", "?rails", "critical", "path",
     (b"repl_session", b"repl_sessions", b"__better_errors", b"__web_console", b"__console", b"__webconsole", b"web_console", b"webconsole",
      b"/console ", b"/console/", b"/console?", b"web-console"),
     br"^/(?:(?:rails/|__)?(?:web[-_]?)?console|repl_sessions?|__better_errors)/?$|^/(?:__)?web_?console/|^/(?:repl_sessions|__better_errors)/",
     "a Ruby console in the browser", "GET /console", "GET /consoles/12"),
    ("rails_panel", "?rails", "high", "path",
     (b"sidekiq", b"resque", b"pghero", b"blazer", b"good_job", b"rails_admin", b"delayed_job", b"solid_queue", b"mission_control", b"flipper",
      b"graphiql", b"profiler", b"mini"),
     br"^/(?:admin/)?(?:sidekiq|resque|pghero|blazer|good_job|rails_admin|delayed_job|solid_queue|mission_control|flipper|graphiql|rack-mini-profiler"
     br"|mini-profiler-resources)(?:/|$)",
     "panels of Ruby libraries, often without a login", "GET /sidekiq/queues", "GET /blog/sidekiq-tips"),
    ("sprockets", "rails", "critical", "target", (b"file", b"etc", b"database", b"../"),
     br"^/(?:assets|packs)/(?:file:|[^?]*\.\./|(?:[^?]*/)?(?:etc/passwd|database\.yml))",
     "CVE-2018-3760: files outside of the assets through Sprockets", "GET /assets/file:%2f%2f/etc/passwd", "GET /assets/application-9a1d.js"),
    ("ruby_object", "rails", "critical", "target", (b"ruby+!ruby/", b"erb+.", b"kernel+kernel.", b"<%", b"("),
     br"!ruby/(?:object|hash|struct|regexp|class)|<%=|\berb\.new\(|\bkernel\.(?:exec|system|open)|\bsend\(:(?:system|exec|eval)",
     "objects made from YAML, or Ruby code", "GET /?x=!ruby/object:Gem::Installer", "GET /ruby/objects"),
)

_PLACES = (
    # ---- web shells
    ("webshell", "webshell", "critical", "path", (b"php+.php", b"phtml+.phtml", b"asp+.asp", b"aspx+.aspx", b"jsp+.jsp", b"jspx+.jspx", b"cgi+.cgi"),
     br"/(?:c99|c100|r57|wso|b374k|alfa\w{0,8}|webshell|shell|cmd|antichat|indoxploit|leaf(?:mailer)?|marijuana|gel4y|filesman|symlink|xleet\w{0,8}"
     br"|backdoor|sh3ll|priv8|p0wny\w{0,6}|lufix|adminfuns|wp[-_]filemanager|wp-shell|hack\w{0,6}|autoload_classmap|0x\w{1,8})\d{0,4}\.(?:php\d?|phtml"
     br"|aspx?|jspx?|cgi)(?:$|/)",
     "a shell that somebody else left behind", "GET /uploads/c99.php", "GET /blog/c99.html"),
    ("webshell_name", "?webshell", "critical", "path", (b"php+.php", b"phtml+.phtml", b"asp+.asp", b"aspx+.aspx", b"jsp+.jsp", b"jspx+.jspx"),
     br"/(?:up(?:load(?:er|s)?)?|mini|fox|mari|tiny|chosen|simple|radio|about|style|moduless|buy|doc|bypass|[a-z]{0,3}\d{0,4})\d{0,3}\.(?:php\d?|phtml"
     br"|aspx?|jspx?)$",
     "the short names that shells are given", "GET /wp-includes/x7.php", "GET /products.php"),
    ("webshell_call", "webshell", "critical", "target", (b"whoami", b"uname", b"wget", b"curl", b"phpinfo", b"/shell?", b"=id", b"=cat", b"=ls", b"=net "),
     br"^/shell\?|\?(?:cmd|c|exec|command|execute|e|run|pass|x|shell|code|do)=(?:whoami|id|uname\b|cat\b|ls\b|wget\b|curl\b|net\s|phpinfo)(?:$|[\s&;(])",
     "a command given to a shell", "GET /x.php?cmd=whoami", "GET /search?cmd=identity"),
    # ---- known vulnerable paths
    ("cve_php", "cve", "critical", "path",
     (b"phpunit", b"eval", b"_ignition", b"think", b"thinkphp", b"thinkapp", b"think_php", b"think_app", b"cgi", b"phpinfo", b"getphpinfo",
      b"laravel", b"elfinder", b"ckfinder", b"fckeditor", b"kcfinder", b"timthumb", b"revslider", b"vbulletin", b"render", b"autodiscover"),
     br"/phpunit/|\beval-stdin\.php|/_ignition/|\bthink[/_]?(?:php|app)\b|\bphp-cgi\b|/(?:get)?phpinfo(?:\.php\d?)?$|/laravel-filemanager|/(?:elfinder"
     br"|ckfinder|fckeditor|kcfinder|timthumb|revslider|vbulletin)\b|/ajax/render/widget|/autodiscover/autodiscover",
     "PHP libraries with known holes", "POST /vendor/phpunit/phpunit/src/Util/PHP/\beval-stdin.php", "GET /php/unit"),
    ("cve_java", "cve", "critical", "path",
     (b"actuator", b"jolokia", b"solr", b"_async", b"wls", b"invoker", b"jmx", b"manager+/manager/", b"manager+/host-manager/", b"axis",
      b"nacos", b"druid", b"geoserver", b"securityrealm", b"tinymce", b"webtools", b"functionrouter", b"console+/console/", b"action+.action",
      b"_+/_/", b"jenkins", b"hudson", b"script+/script", b"cluster+/cluster/"),
     br"^/(?:[\w-]{1,30}/){0,2}(?:actuator(?:/(?:env|heapdump|gateway|logfile|mappings|jolokia|threaddump|beans|configprops|httptrace|trace|refresh"
     br"|restart|shutdown)|$|/$)|jolokia(?:/|$)|solr/(?:admin|#|select|\w+/(?:config|select|dataimport))|_async/|wls-wsat/|invoker/(?:jmx|ejb|readonly)"
     br"|jmx-console\b|manager/(?:html|text|status)|host-manager/|axis\d(?:-admin|-web|/)|nacos/|druid/(?:index|login|v\d|indexer)|geoserver/"
     br"|securityrealm/|rest/tinymce\b|webtools/control|functionrouter\b)|^/console/(?:login|j_security|css|framework|images/%|\.)|\.action$"
     br"|^/s/[^/]{3,80}/_/;/|^/(?:jenkins|hudson)/(?:script|login|securityrealm|asynchpeople)|^/script$|^/cluster/(?:cluster|apps|nodes)",
     "Java servers with known holes", "GET /actuator/heapdump", "GET /in-action"),
    ("cve_appliance", "cve", "critical", "path",
     (b"remote", b"hnap", b"gponform", b"boaform", b"cgi", b"dana", b"dana-na", b"vpn", b"vpns", b"cscoe", b"ecp", b"mapi", b"ews",
      b"tmui", b"mgmt", b"vcav", b"ui", b"websso",
      b"protect", b"ssl", b"goform", b"device", b"evox", b"onvif", b"isapi", b"getcfg", b"picsdesc", b"ctrlt", b"wanipcn", b"tr064",
      b"ws_utc", b"adminui", b"sslvpn", b"sslmgr",
      b"jsonws", b"nmaplowercheck", b"sitecore", b"_layouts", b"telescope", b"cfide", b"cf_scripts", b"networkdiag", b"_catalog", b"_cat",
      b"_cluster", b"_nodes", b"containers"),
     br"^/remote/(?:fgt_lang|login|logincheck|error|info|hostcheck_validate)\b|/hnap1\b|^/gponform/|/boaform/|/(?:setup|networkdiag|set_ftp|apply|soap"
     br"|luci)\.cgi\b|^/dana-(?:na|ws|cached|admin)/|^/vpns?/(?:index\.html|portal|cfg|\.\./|js/)|\bcscoe\b|^/ecp/|^/mapi/(?:nspi|emsmdb)|^/ews/exchange"
     br"|^/tmui/|^/mgmt/(?:tm|shared)/|^/ui/(?:vcav-|vropspluginui|login\.action)|^/websso/|^/global-protect/|^/ssl-vpn/|^/goform/|/device\.rsp|^/evox/"
     br"|^/onvif/|^/isapi/|/getcfg\.php|/picsdesc\.xml|/ctrlt/|/wanipcn\.xml|^/tr064\b|/ws_utc/|^/adminui/|^/sslvpn\b|^/sslmgr\b|^/api/jsonws/"
     br"|^/nmaplowercheck\d*(?:/|$)|^/sitecore/|^/_layouts/|^/telescope/requests|/cfide/|/cf_scripts/"
     br"|^/v2/_catalog\b|^/_(?:cat|cluster|nodes)(?:/|$)|^/containers/json",
     "routers, cameras, VPN gateways, groupware and cluster interfaces", "GET /+CSCOE+/logon.html", "GET /remote-jobs"),
    ("cve_service", "?cve", "high", "target",
     (b"cgi", b"owa", b"sdk", b"aspnet_client", b"_search", b"dns-query", b"resolve", b"autodiscover", b"/login.", b"/json/version"),
     br"/cgi-bin(?:/|$)|^/cgi/|^/owa(?:/|$)|^/sdk/?$|^/aspnet_client(?:/|$)|^/_search(?:\?|$)|^/dns-query\?(?:dns|name)=|^/resolve\?name=|^/json/version$"
     br"|^/autodiscover/|^/login\.(?:html?\?|action|cgi|asp)",
     "services that some servers really have", "GET /cgi-bin/luci", "GET /owasp"),
    ("cve_parameter", "cve", "high", "target",
     (b"xdebug_session_start", b"classloader", b"graphapi", b"fgt_lang", b"request+view=request", b"routestring", b"captcha", b"rest_route",
      b"?author=", b"provider-logo", b"{", b"option=com_", b"__construct", b"s=/index", b"s=index", b"?-"),
     br"/provider-logo\?url=|\bxdebug_session_start=|class\.module\.classloader\b|=%\{[^}]{0,200}(?:#|@|\d\*|\*\d|\(\')|\bredirect:\$\{|/graphapi/"
     br"|\bfgt_lang\?lang=/|view=request&request=log&task=create|view=request&request=[^&]+&[^?]{0,300}\bcommand=\w"
     br"|option=com_\w+&[^?]{0,200}(?:controller=\.|view=|list\[)|\broutestring=|_method=__construct\b|\bs=(?:/index/|captcha\b|index/)|\?author=\d{1,3}$"
     br"|\brest_route=/wp/|\?-d\s|\?-s$|\?-d\x00",
     "parameters of known holes", "GET /path/?class.module.classLoader.URLs[0]=0", "GET /books?author=12&page=2"),
    ("cve_frontend", "?cve", "high", "path",
     (b"server", b"nginx_status", b"debug", b"debugbar", b"trace", b"elmah", b"_profiler", b"horizon", b"__debug__", b"_debugbar", b"swagger",
      b"openapi", b"info", b"test", b"env", b"heapdump", b"haproxy", b"api-docs"),
     br"^/(?:server-(?:status|info)|nginx_status|debug(?:/(?:default|pprof|vars)|bar)|trace\.axd|elmah\.axd|_profiler|horizon/api|__debug__|_debugbar"
     br"|swagger(?:-ui)?(?:\.html|\.json|/index\.html|/v\d/swagger\.json|/swagger-ui\.html|-ui\.html|-resources)|(?:v\d/)?api-docs(?:/swagger\.json)?"
     br"|openapi\.json|api/swagger\.(?:json|html)|info\.php|test\.php|env|heapdump|haproxy\?stats)/?$",
     "status and debug pages", "GET /server-status", "GET /server-status-report"),
    # ---- CMS and admin panels
    ("wordpress", "?cms_admin", "medium", "path", (b"wp", b"xmlrpc", b"wlwmanifest", b"wordpress", b"old"),
     br"/wp-(?:admin|login|content|includes|json|cron|comments|signup|trackback|mail|links|load|activate|settings|blog|register|feed|atom|rss|good)"
     br"|/xmlrpc\.php|/wlwmanifest\.xml|^/(?:wp\d?|wordpress|blog/wp|old-wp)/?$",
     "WordPress", "GET /blog/wp-login.php", "GET /wp-tips-and-tricks"),
    ("php_admin", "cms_admin", "high", "path",
     (b"phpmyadmin", b"phpmyadm", b"phpma", b"my_admin", b"myadmin", b"my+my-", b"adminer", b"adminneo", b"dbadmin", b"db+db/", b"db+db-",
      b"mysqladmin", b"mysqlmanager", b"mysqldumper", b"mysql+mysql/", b"mysql+mysql-", b"sqlweb", b"sqladmin", b"sqlmanager", b"sql+sql/",
      b"sql+sql-", b"webdb", b"websql", b"web+web/", b"web+web-", b"phppgadmin", b"pgadmin", b"pg+pg-", b"phpredmin", b"sqlbuddy",
      b"sqlitemanager", b"sqlite+sqlite-", b"pma", b"phpmy", b"admin+-admin"),
     br"/[~.]?(?:(?:php-?my-?admin|phpmyadm|phpma|pma|my-?admin|adminer|adminneo|db-?admin|mysql-?admin|php-?pg-?admin|pgadmin|phpredmin|sqlbuddy"
     br"|sqlite-?manager)[\d.-]{0,12}(?:[.-](?:old|new|bak|all|beta|en|english|test|web))?(?:/|\.php|$)|(?:mysql-?(?:manager|dumper)?|sql-?(?:web|admin"
     br"|manager)?|web-?(?:db|sql)?|db)/(?:(?:\w{1,12}/)?index\.php|scripts/setup|main\.php|phpmyadmin|myadmin))",
     "database panels", "GET //phpMyAdmin-2.8.2.3/scripts/setup.php", "GET /mysql-tuning-guide"),
    ("cms_panel", "?cms_admin", "high", "path",
     (b"administrator", b"typo", b"joomla", b"drupal", b"magento", b"downloader", b"cpanel", b"whm", b"plesk", b"webmail", b"roundcube",
      b"squirrelmail", b"horde", b"zimbra", b"rutorrent", b"grafana", b"kibana", b"zabbix", b"cacti", b"nagios", b"portainer", b"webdav",
      b"sites", b"umbraco", b"bitrix", b"moodle", b"owncloud", b"nextcloud", b"prestashop", b"opencart", b"xampp", b"siteadmin", b"airflow",
      b"admin+/admin/", b"cms", b"panel", b"backend", b"install+/install", b"setup+/setup", b"app_dev", b"mt", b"w00tw00t", b"skin",
      b"recordings", b"a2billing", b"vicidial", b"filemanager", b"ueditor", b"vendor+/vendor/", b"readme", b"license", b"changelog",
      b"muieblackcat", b"/scripts/"),
     br"^/(?:[\w.-]{1,30}/)?(?:administrator|downloader|sites/default)(?:/|$)|^/(?:typo\d|joomla|drupal|magento|cpanel|whm|plesk|webmail|roundcube"
     br"|squirrelmail|horde|zimbra|rutorrent|grafana|kibana|zabbix|cacti|nagios|portainer|webdav|umbraco|bitrix|moodle|owncloud|nextcloud|prestashop"
     br"|opencart|xampp|siteadmin|airflow|recordings|a\dbilling|vicidial|filemanager|ueditor|vendor(?=/)|scripts/(?:setup|root|\.\.))(?:/|$|\.)"
     br"|^/misc/drupal\.js|^/admin/(?:config|phpinfo|controller|fckeditor|pma|mysql)[/.]|/admin/(?:index|login|account)\.php|^/(?:cms|panel|backend"
     br"|install|setup)/?(?:index\.\w+|admin|login)?/?$|/app_dev\.php|/mt-(?:check|xmlrpc|admin)\b|/w\d\dtw\d\dt\.|^/core/skin/login|^/(?:readme|license"
     br"|changelog|install)\.(?:txt|html|md)$|/muieblackcat\b",
     "panels and files of content management systems", "GET /administrator/index.php", "GET /administrators-handbook"),
    ("admin_page", "?cms_admin", "medium", "path",
     (b"admin+/admin", b"manager+/manager", b"user+/user/login", b"adminpanel", b"adminconsole", b"adminarea", b"adminlogin", b"admincp",
      b"adminportal", b"admincenter", b"admin_login"),
     br"^/(?:admin(?:\d|-?(?:panel|console|area|login|cp|portal|center))?(?:/(?:login|index|dashboard|admin)?)?|admin_?login|user/login|manager/?"
     br"|admin/login\.\w+)$",
     "the usual names of an administration", "GET /adminpanel", "GET /admin/orders/12"),
    ("foreign_script", "?cms_admin", "medium", "path",
     (b"php+.php", b"phtml+.phtml", b"phar+.phar", b"asp+.asp", b"aspx+.aspx", b"ashx+.ashx", b"asmx+.asmx", b"ascx+.ascx", b"axd+.axd",
      b"jsp+.jsp", b"jspx+.jspx", b"jspa+.jspa", b"jhtml+.jhtml", b"cfm+.cfm", b"cgi+.cgi", b"pl+.pl", b"do+.do", b"action+.action", b"dll+.dll",
      b"exe+.exe"),
     _SCRIPT + br"(?:/[\w./-]{0,200})?(?:~|\.\w{1,5})?$",
     "a script in a language that this server does not speak", "GET /index.php", "GET /php/index.html"),
    # ---- open proxy tries
    ("proxy_connect", "open_proxy", "critical", "line", (b"connect",),
     br"^connect\s[\w.:\[\]-]{1,255}(?:\s|$)",
     "CONNECT: a tunnel to another server", "CONNECT foo.com:25 HTTP/1.1", "GET /connect to"),
    ("proxy_absolute", "open_proxy", "critical", "line", (b" http://", b" https://", b" ftp://", b" tcp://"),
     br"^[a-z]{3,20} (?:https?|ftp|tcp)://[^/\s]{1,255}",
     "a request for another server's page", "GET http://www.example.net/ip4.php HTTP/1.0", "GET /?u= http//x"),
    # ---- scanners
    ("scanner_agent", "scanner", "info", "agent",
     (b"sqlmap", b"nikto", b"nmap", b"masscan", b"zgrab", b"nuclei", b"wpscan", b"dirbuster", b"gobuster", b"feroxbuster", b"wfuzz", b"ffuf",
      b"acunetix", b"netsparker", b"nessus", b"openvas", b"w3af", b"arachni", b"skipfish", b"havij", b"zmeu", b"morfeus", b"jorgee", b"whatweb",
      b"wapiti", b"joomscan", b"droopescan", b"cmsmap", b"commix", b"xsstrike", b"xsser", b"tplmap", b"sqlninja", b"detectify", b"fimap",
      b"l9explore", b"l9tcpid", b"ironwasp", b"appscan", b"hydra", b"panoptic", b"ghauri", b"wprecon", b"shortscan", b"jsql", b"trufflehog",
      b"pmafind", b"fuzz faster", b"mozlila", b"jbrofuzz", b"betabot", b"bfac", b"netlab", b"nettacker", b"webshag", b"dotdotpwn", b"kadimus",
      b"lfisuite", b"lfimap", b"noseyparker", b"hello, world", b"hello world", b"whatwaf", b"mozilla/5.g", b"sitelockspider", b"sysscan",
      b"securityagent", b"hexometer", b"webbandit", b"appspider", b"vega", b"zaproxy", b"yeswehack", b"sstimap", b"wpprobe", b"graphql-cop",
      b"libwhisker", b"bewica", b"nsauditor", b"leakix", b"keydrop", b"dragostea", b"core-project", b"tsunamisecurityscanner", b"qualysguard",
      b"n-stealth", b"n-stalker", b"graphw00f", b"webinspect", b"cgichk", b"censysinspect", b"tinja", b"*mozilla/5.g", b"hello"),
     br"\b(?:zgrab|sqlmap|nikto|nmap|masscan|nuclei|wpscan|dirbuster|gobuster|feroxbuster|wfuzz|ffuf|fuzz faster|acunetix|netsparker|nessus|openvas|w3af"
     br"|arachni|skipfish|havij|zmeu|morfeus|jorgee|whatweb|wapiti|joomscan|droopescan|cmsmap|commix|xsstrike|xsser|tplmap|sqlninja|detectify|fimap"
     br"|l9explore|l9tcpid|ironwasp|qualysguard|n-stealth|n-stalker|appscan|panoptic|ghauri|wprecon|wpprobe|shortscan|jsql|graphw00f|graphql-cop"
     br"|trufflehog|pmafind|tsunamisecurityscanner|mozlila|jbrofuzz|betabot|bfac|netlab360|nettacker|webshag|dotdotpwn|kadimus|lfisuite|lfimap"
     br"|noseyparker|cgichk|webinspect|whatwaf|sitelockspider|sysscan|securityagent|hexometer|webbandit|appspider|zaproxy|tinja|sstimap|libwhisker"
     br"|bewica-security-scan|nsauditor|censysinspect|leakix|yeswehack-hunter|dragostea|core-project|keydrop)\b|mozilla/5\.g|\(hydra\)|^hello,? world"
     br"|^vega\b",
     "a scanner that says so", "Mozilla/5.0 zgrab/0.x", "Mozilla/5.0 (compatible; Scandinavian Shopper)"),
    # ---- not HTTP: asked only of what the server refused with 400
    ("tls_bytes", "malformed", "info", "refused", (b"\x16", b"\x80"),
     br"^\x16\x03[\x00-\x05]|^\x80[\x00-\xff]\x01\x03",
     "a TLS handshake on a port that speaks HTTP", "\\x16\\x03\\x01\\x02\\x00", "GET /16/03"),
    ("odd_version", "malformed", "info", "refused", (b"http",),
     br"\shttp/(?!0\.9\s*$|[23]\s*$)[\w.]{0,20}\s*$",
     "a version of HTTP that does not exist", "GET / HTTP/1.2", "GET / HTTP/1.1"),
    ("not_http", "malformed", "info", "refused", (b" ",),
     br"^(?![a-z_-]{3,20}\s[^\s])[^\s]",
     "another protocol, or the mark of a trojan", "145.ll|'|'|SGFjS2Vk", "GET / HTTP/1.0"),
)

# Digits of a pattern that stand for no certain digit: counts, byte codes, ranges of all digits.
_NO_DIGITS = re.compile(br"\{\d*,?\d*\}|\\x[0-9a-f]{2}|0-9")


def _signature(row):
    name, category, answered, where, literals, pattern, why, example, near_miss = row
    digits = any(sign in b"0123456789" for sign in _NO_DIGITS.sub(b"", pattern))
    return Signature(name, category.lstrip("?"), answered, category.startswith("?"), where, literals, pattern, digits, why, example, near_miss)


SIGNATURES = tuple(_signature(row) for row in _FILES + PAYLOADS + _PLACES)
BY_ID = {signature.id: signature for signature in SIGNATURES}
