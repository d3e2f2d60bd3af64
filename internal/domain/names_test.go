package domain

import (
	"errors"
	"strings"
	"testing"
)

// TestCheckName: a name has at most 255 bytes, no slash and no control character, and is not "." or
// "..".
func TestCheckName(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"web": true, "a b": true, "ünï": true, "-x": true, "-rf": true, "3": true, "%n": true, "...": true, ".x": true, "a\\b": true,
		strings.Repeat("a", 64): true, strings.Repeat("a", maxName): true, strings.Repeat("ü", maxName/2): true,
		"": false, ".": false, "..": false, "a/b": false, "../x": false, "/": false, "a\nb": false, "a\tb": false, "a\rb": false,
		"a\x7fb": false, "a\u0085b": false, strings.Repeat("a", maxName+1): false, strings.Repeat("a", 300): false,
	} {
		err := checkName(name)
		if (err == nil) != ok {
			t.Errorf("name %q: %v", name, err)
		}
		var e *Error
		if !ok && (!errors.As(err, &e) || e.Element != "domain/name" || strings.ContainsAny(e.Error(), "\n\r\t")) {
			t.Errorf("name %q: the error is %q", name, err)
		}
	}
}

// TestHostname: a container's host name has the characters of its name that a host name may have,
// 64 at most.
func TestHostname(t *testing.T) {
	t.Parallel()
	id := UUID{0xde, 0xad, 0xbe, 0xef}
	for name, want := range map[string]string{
		"web":                    "web",
		"Web-1":                  "Web-1",
		"a b":                    "ab",
		"a.b_c":                  "abc",
		"ünï":                    "n",
		"-x":                     "x",
		"--x":                    "-x",
		"é-x":                    "x",
		"3":                      "3",
		"日本":                     "container-deadbeef",
		"-":                      "container-deadbeef",
		"---":                    "container-deadbeef",
		"...":                    "container-deadbeef",
		strings.Repeat("a", 64):  strings.Repeat("a", 64),
		strings.Repeat("a", 100): strings.Repeat("a", 64),
	} {
		d := Def{Name: name, UUID: id}
		if got := d.Hostname(); got != want {
			t.Errorf("host name of %q: %q, want %q", name, got, want)
		}
	}
}

// TestMachineName: every name gives a machine name, with part of the uuid where a character was
// changed.
func TestMachineName(t *testing.T) {
	t.Parallel()
	id := UUID{0xde, 0xad, 0xbe, 0xef, 1}
	for name, want := range map[string]string{
		"web":                               "web",
		"Web-1":                             "Web-1",
		"a_b":                               "a-b-deadbeef",
		"a.b":                               "a.b",
		"3":                                 "3",
		strings.Repeat("a", 64):             strings.Repeat("a", 64),
		"a b":                               "a-b-deadbeef",
		"ünï":                               "n-deadbeef",
		"-x":                                "x-deadbeef",
		"x-":                                "x-deadbeef",
		".host":                             "host-deadbeef",
		"a..b":                              "a-b-deadbeef",
		"a.":                                "a-deadbeef",
		"a.-b":                              "a-b-deadbeef",
		"日本":                                "container-deadbeef",
		"%n":                                "n-deadbeef",
		"a\\x2db":                           "a-x2db-deadbeef",
		"a" + strings.Repeat("-", 50) + "a": "a" + strings.Repeat("-", 50) + "a",
		"a" + strings.Repeat("-", 62) + "a": "a-a-deadbeef",
		strings.Repeat("a", 65):             strings.Repeat("a", 55) + "-deadbeef",
		strings.Repeat("a", 54) + "..bbbbbbbbbbb": strings.Repeat("a", 54) + "-deadbeef",
	} {
		d := Def{Name: name, UUID: id}
		got := d.MachineName()
		if got != want {
			t.Errorf("machine name of %q: %q, want %q", name, got, want)
		}
		if !isHostname(got) {
			t.Errorf("machine name of %q: %q is no host name", name, got)
		}
	}
}

// TestParseUUID: a uuid is read with or without hyphens and in either case, and zero is none.
func TestParseUUID(t *testing.T) {
	t.Parallel()
	const want = "5a8e8b1c-3c4d-4e5f-8a9b-0123456789ab"
	for text, ok := range map[string]bool{
		want: true, strings.ToUpper(want): true, strings.ReplaceAll(want, "-", ""): true, " " + want + "\n": true,
		strings.ReplaceAll(want, "-", " "): true,
		"":                                 false, want[1:]: false, want + "0": false, strings.Replace(want, "5", "g", 1): false,
		"00000000-0000-0000-0000-000000000000": false,
	} {
		u, err := ParseUUID(text)
		if (err == nil) != ok || ok && u.String() != want {
			t.Errorf("uuid %q: %s, %v", text, u, err)
		}
	}
}
