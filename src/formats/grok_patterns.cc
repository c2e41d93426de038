#include "formats/grok_patterns.h"

namespace millrace::formats {
namespace {

constexpr GrokDefinition kLibrary[] = {
    // Words and text.
    {"WORD", R"(\b\w+\b)"},
    {"NOTSPACE", R"(\S+)"},
    {"SPACE", R"(\s*)"},
    {"DATA", R"(.*?)"},
    {"GREEDYDATA", R"(.*)"},
    {"QUOTEDSTRING", R"((?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|`(?:[^`\\]|\\.)*+`))"},
    {"QS", R"(%{QUOTEDSTRING})"},
    {"USERNAME", R"([A-Za-z0-9._-]+)"},
    {"USER", R"(%{USERNAME})"},
    {"EMAILLOCALPART", R"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"},
    {"EMAILADDRESS", R"(%{EMAILLOCALPART}@%{HOSTNAME})"},
    {"UUID", R"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"},
    {"URN", R"(urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+)"},

    // Numbers.
    {"INT", R"([+-]?[0-9]+)"},
    {"POSINT", R"(\b[1-9][0-9]*\b)"},
    {"NONNEGINT", R"(\b[0-9]+\b)"},
    {"BASE10NUM", R"((?<![0-9.+-])[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"},
    {"NUMBER", R"(%{BASE10NUM})"},
    {"BASE16NUM", R"((?<![0-9A-Fa-f])[+-]?(?:0[xX])?[0-9A-Fa-f]+)"},
    {"BASE16FLOAT",
     R"(\b(?<![0-9A-Fa-f.])[+-]?(?:0[xX])?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b)"},

    // Networks.
    {"CISCOMAC", R"((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})"},
    {"WINDOWSMAC", R"((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})"},
    {"COMMONMAC", R"((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})"},
    {"MAC", R"((?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}))"},
    {"IPV4OCTET", R"((?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2}))"},
    {"IPV4", R"((?<![0-9])(?:%{IPV4OCTET}\.){3}%{IPV4OCTET}(?![0-9]))"},
    {"IPV6GROUP", R"([0-9A-Fa-f]{1,4})"},
    {"IPV6", R"((?<![0-9A-Fa-f:.])(?:(?:%{IPV6GROUP}:){6}%{IPV4}|::(?:%{IPV6GROUP}:){0,5}%{IPV4})"
             R"(|(?:%{IPV6GROUP}:){1,5}(?::%{IPV6GROUP}){0,4}:%{IPV4}|(?:%{IPV6GROUP}:){7}%{IPV6GROUP})"
             R"(|(?:%{IPV6GROUP}:){1}(?::%{IPV6GROUP}){1,6}|(?:%{IPV6GROUP}:){2}(?::%{IPV6GROUP}){1,5})"
             R"(|(?:%{IPV6GROUP}:){3}(?::%{IPV6GROUP}){1,4}|(?:%{IPV6GROUP}:){4}(?::%{IPV6GROUP}){1,3})"
             R"(|(?:%{IPV6GROUP}:){5}(?::%{IPV6GROUP}){1,2}|(?:%{IPV6GROUP}:){6}:%{IPV6GROUP})"
             R"(|:(?::%{IPV6GROUP}){1,7}|(?:%{IPV6GROUP}:){1,7}:|::)(?:%[0-9A-Za-z._~-]+)?(?![0-9A-Fa-f:]))"},
    {"IP", R"((?:%{IPV6}|%{IPV4}))"},
    {"HOSTLABEL", R"([0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62}))"},
    {"HOSTNAME", R"((?<![0-9A-Za-z_-])%{HOSTLABEL}(?:\.%{HOSTLABEL})*+\.?(?![0-9A-Za-z_-]))"},
    {"HOST", R"(%{HOSTNAME})"},
    {"IPORHOST", R"((?:%{IP}|%{HOSTNAME}))"},
    {"HOSTPORT", R"(%{IPORHOST}:%{POSINT})"},

    // Paths and addresses of documents.
    {"UNIXPATH", R"((?:/[^/\s]*)+)"},
    {"WINPATH", R"((?:[A-Za-z]:|\\)(?:\\[^\\?*]*)+)"},
    {"PATH", R"((?:%{UNIXPATH}|%{WINPATH}))"},
    {"TTY", R"(/dev/(?:pts|tty[A-Za-z]?)/?[0-9]+)"},
    {"URIPROTO", R"([A-Za-z][A-Za-z0-9+.-]*)"},
    {"URIHOST", R"(%{IPORHOST}(?::%{POSINT:port})?)"},
    {"URIPATH", R"((?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\[\]<>\\|^"`-]*)+)"},
    {"URIQUERY", R"([A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>\\^"`-]*)"},
    {"URIPARAM", R"(\?%{URIQUERY})"},
    {"URIPATHPARAM", R"(%{URIPATH}(?:%{URIPARAM})?)"},
    {"URI", R"(%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?)"},

    // Dates and times.
    {"MONTH",
     R"(\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?)"
     R"(|[Aa]ug(?:ust)?|[Ss]ep(?:t(?:ember)?)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b)"},
    {"MONTHNUM", R"((?:1[0-2]|0?[1-9]))"},
    {"MONTHNUM2", R"((?:1[0-2]|0[1-9]))"},
    {"MONTHDAY", R"((?:3[01]|[12][0-9]|0?[1-9]))"},
    {"DAY",
     R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
    {"YEAR", R"((?:[0-9]{4}|[0-9]{2}))"},
    {"HOUR", R"((?:2[0-3]|[01]?[0-9]))"},
    {"MINUTE", R"([0-5][0-9])"},
    {"SECOND", R"((?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?)"},
    {"TIME", R"((?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9]))"},
    {"DATE_US", R"(%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR})"},
    {"DATE_EU", R"(%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR})"},
    {"DATE", R"((?:%{DATE_US}|%{DATE_EU}))"},
    {"ISO8601_TIMEZONE", R"((?:Z|[+-]%{HOUR}(?::?%{MINUTE})?))"},
    {"ISO8601_SECOND", R"((?:60|[0-5][0-9])(?:[.,][0-9]+)?)"},
    {"TIMESTAMP_ISO8601",
     R"(%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{ISO8601_SECOND})?(?:%{ISO8601_TIMEZONE})?)"},
    {"TZ", R"((?:[A-Z]{3,4}))"},
    {"DATESTAMP", R"(%{DATE}[ -]%{TIME})"},
    {"DATESTAMP_RFC822", R"(%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ})"},
    {"DATESTAMP_RFC2822", R"(%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} (?:%{ISO8601_TIMEZONE}|%{TZ}))"},
    {"DATESTAMP_OTHER", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR})"},
    {"DATESTAMP_EVENTLOG",
     R"([0-9]{4}%{MONTHNUM2}(?:3[01]|[12][0-9]|0[1-9])(?:2[0-3]|[01][0-9])%{MINUTE}[0-5][0-9])"},
    {"HTTPDATE", R"(%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT})"},
    {"HTTPDERROR_DATE", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR})"},

    // Logs.
    {"LOGLEVEL",
     R"((?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe)"
     R"(|emerg(?:ency)?))"},
    {"SYSLOGTIMESTAMP", R"(%{MONTH} +%{MONTHDAY} %{TIME})"},
    {"PROG", R"([\x21-\x5a\x5c\x5e-\x7e]+)"},
    {"SYSLOGPROG", R"(%{PROG:program}(?:\[%{POSINT:pid}\])?)"},
    {"SYSLOGHOST", R"(%{IPORHOST})"},
    {"SYSLOGFACILITY", R"(<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>)"},
    {"SYSLOGBASE",
     R"(%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:)"},
    {"SYSLOGLINE", R"(%{SYSLOGBASE} %{GREEDYDATA:message})"},
    {"HTTPDUSER", R"((?:%{EMAILADDRESS}|%{USER}))"},
    {"COMMONAPACHELOG",
     R"(%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] )"
     R"re("(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" )re"
     R"((?:-|%{INT:response}) (?:-|%{NUMBER:bytes}))"},
    {"COMBINEDAPACHELOG", R"(%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent})"},
    {"HTTPD_COMMONLOG", R"(%{COMMONAPACHELOG})"},
    {"HTTPD_COMBINEDLOG", R"(%{COMBINEDAPACHELOG})"},
};

}  // namespace

std::span<const GrokDefinition> GrokLibrary() {
  return kLibrary;
}

}  // namespace millrace::formats
