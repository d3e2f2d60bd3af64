package account

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/sys/user"
)

// TestEntries: only lines whose ids are numbers in range are passed on.
func TestEntries(t *testing.T) {
	t.Parallel()
	const long = 100 << 10
	for name, c := range map[string]struct {
		read     func(io.Reader) *entries
		in, want string
	}{
		"passwd":                              {passwdEntries, "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:100::/:\n", "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:100::/:\n"},
		"passwd, no end of line, white space": {passwdEntries, "\n  a:x:1:2\r\nb:x:3:4::/:/bin/sh", "  a:x:1:2\nb:x:3:4::/:/bin/sh\n"},
		"passwd, the largest":                 {passwdEntries, "a:x:4294967294:4294967294::/:", "a:x:4294967294:4294967294::/:\n"},
		"passwd, no ids": {passwdEntries, `a
b:x
c:x:5
d:x::5::/:
e:x:abc:5::/:
f:x:5:abc::/:
g:x:5:::/:
h:x:-1:5::/:
i:x:4294967295:5::/:
j:x:4294967296:5::/:
k:x:99999999999999999999:5::/:
l:x:5:4294967296::/:
m:x:0x10:5::/:
n:x: 5:5::/:
o:x:5.0:5::/:
# a comment: of three: fields
+::::::
p:x:5:6::/:
`, "p:x:5:6::/:\n"},
		"group":         {groupEntries, "root:x:0:\nextra:x:2000:guest,web\nshort:x:7\n", "root:x:0:\nextra:x:2000:guest,web\nshort:x:7\n"},
		"group, no ids": {groupEntries, "a\nb:x\nc:x::guest\nd:x:abc:guest\ne:x:-1:guest\nf:x:4294967296:guest\n#:\ng:x:7:guest\n", "g:x:7:guest\n"},
		"group, long":   {groupEntries, "a:x:5:" + strings.Repeat("m", long), "a:x:5:" + strings.Repeat("m", long) + "\n"},
		"nothing":       {passwdEntries, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := io.ReadAll(iotest.OneByteReader(c.read(strings.NewReader(c.in))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestEntriesEndless: a line without an end, or a file that cannot be read, is an error.
func TestEntriesEndless(t *testing.T) {
	t.Parallel()
	if _, err := io.ReadAll(groupEntries(strings.NewReader(strings.Repeat("x", maxEntry+1)))); err == nil {
		t.Error("a line without an end is read")
	}
	if _, err := io.ReadAll(passwdEntries(iotest.ErrReader(io.ErrUnexpectedEOF))); err == nil {
		t.Error("a file that cannot be read is an empty one")
	}
}

// endless is a file that has the same line for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n >= len(e) {
		n += copy(p[n:], e)
	}
	return n, nil
}

// TestEndless: a passwd or group file that does not end is refused, also one whose every line is an entry of the user.
func TestEndless(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000) // for a short test
	for name, c := range map[string]struct{ passwd, group io.Reader }{
		"passwd":       {endless("web:x:5:6:" + long + ":/:\n"), strings.NewReader("")},
		"others":       {endless("root:x:0:0:" + long + ":/:\n"), strings.NewReader("")},
		"no entries":   {endless(long + "\n"), strings.NewReader("")},
		"group":        {strings.NewReader("web:x:5:6::/:\n"), endless("extra:" + long + ":7:web\n")},
		"other groups": {strings.NewReader("web:x:5:6::/:\n"), endless("extra:" + long + ":7:\n")},
	} {
		_, err := user.GetExecUser("web", nil, passwdEntries(c.passwd), groupEntries(c.group))
		if !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzEntries: nobody becomes root because a field of passwd or group is not a number.
func FuzzEntries(f *testing.F) {
	f.Add("web:x:abc:0::/:\n", "extra:x:y:web\n")
	f.Add("web:x:5:6\nweb\n", "extra:x:7:web")
	f.Add("web:x:4294967296:6", "extra:x:4294967296:web")
	f.Fuzz(func(t *testing.T, passwd, group string) {
		found, err := user.GetExecUser("web", nil, passwdEntries(strings.NewReader(passwd)), groupEntries(strings.NewReader(group)))
		if err != nil {
			return
		}
		zero := func(text string) bool { // some field is a zero
			for line := range strings.Lines(text) {
				for field := range strings.SplitSeq(strings.TrimSpace(line), ":") {
					if strings.Trim(strings.TrimLeft(field, "+-"), "0") == "" && strings.HasSuffix(field, "0") {
						return true
					}
				}
			}
			return false
		}
		if (found.Uid == 0 || found.Gid == 0) && !zero(passwd) {
			t.Errorf("%+v by %q", found, passwd)
		}
		for _, gid := range found.Sgids {
			if gid == 0 && !zero(group) || gid < 0 || int64(gid) >= 1<<32-1 {
				t.Errorf("%+v by %q", found, group)
			}
		}
	})
}
