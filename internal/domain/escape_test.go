package domain

import (
	"strings"
	"testing"
)

// TestEscapes: characters that XML would change come back as they were written.
func TestEscapes(t *testing.T) {
	t.Parallel()
	const hostile = "a\r\nb\rc\td 'e' \"f\" <g> & &amp; ]]> h"
	written := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;",
		"\r", "&#13;", "\n", "&#10;", "\t", "&#9;").Replace(hostile)
	d, err := parse([]byte(with("<description>"+written+"</description>"+
		"<os><type>exe</type><init>/init</init><initenv name='A'>"+written+"</initenv></os>"+
		"<devices><filesystem><source dir='/"+written+"'/><target dir='/"+written+"'/></filesystem></devices>")), nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]string{
		"text": d.Description, "variable": d.OS.Env[0].Value,
		"source": strings.TrimPrefix(d.Filesystems[0].Source, "/"), "target": strings.TrimPrefix(d.Filesystems[0].Target, "/"),
	} {
		if got != hostile {
			t.Errorf("%s: %q, want %q", what, got, hostile)
		}
	}
	fixpoint(t, d, nil)
}
