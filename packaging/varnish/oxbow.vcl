# Varnish as a cache in front of Oxbow: varnishd -f oxbow.vcl. See docs/caches.md.
# In oxbow.toml: edge.trusted_proxies = ["127.0.0.1"] (where this Varnish asks from) and edge.public_url.
vcl 4.1;

backend oxbow {
    .host = "127.0.0.1";
    .port = "8080";
    # A reload is held for 18 s at most: longer than that.
    .first_byte_timeout = 30s;
}

sub vcl_recv {
    # Server-sent events: never at an end, each line sent on at once.
    if (req.url ~ "^(/p/[^/]+)?/events(\?|$)") {
        return (pipe);
    }
    # Without this every request with a cookie would go past the cache; Oxbow reads none.
    unset req.http.Cookie;
    # A token is one viewer's, and so is the path of the session that it opens.
    if (req.url ~ "[?&]token=" || req.url ~ "^/p/") {
        return (pass);
    }
}

# The key is Varnish's own: host and the whole URL, so that _HLS_msn, _HLS_part, _HLS_skip, start, end and parts each
# make another playlist. Equal requests wait for the first one's answer, which is Varnish's own, too.

sub vcl_backend_response {
    # Nothing past its time: an old live playlist would be worse than a second request.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
}
