package shift

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestACL: named users and groups of a list are taken back, each by its own map, and nothing else of it changes.
func TestACL(t *testing.T) {
	t.Parallel()
	const version, owner, group, mask, other = "02000000", "01000700ffffffff", "04000500ffffffff", "10000700ffffffff", "20000500ffffffff"
	for name, tc := range map[string]struct{ in, want string }{
		"minimal":         {version + owner + group + other, ""},
		"user":            {version + owner + "02000600" + "a1860100" + group + mask + other, version + owner + "02000600" + "01000000" + group + mask + other},
		"group":           {version + owner + group + "08000600" + "410d0300" + mask + other, version + owner + group + "08000600" + "01000000" + mask + other},
		"group of a hole": {version + owner + group + "08000600" + "e8030000" + mask + other, ""},
		"user, not ours":  {version + "02000600" + "01000000" + "02000600" + "410d0300", ""},
		"short":           {version[:6], ""},
		"torn":            {version + owner[:8], ""},
		"another version": {"03000000" + "02000600" + "a1860100", ""},
		"empty":           {"", ""},
	} {
		got, changed := twice().ACL(unhex(t, tc.in))
		want := tc.want
		if want == "" {
			want = tc.in
		}
		if hex.EncodeToString(got) != want || changed != (tc.want != "") {
			t.Errorf("%s: %x, %v", name, got, changed)
		}
	}
}

// TestCapabilities: capabilities for root of the container on the host become those for any root, with the same sets
// and flag.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	const sets = "00200000000000000100000002000000"
	for name, tc := range map[string]struct{ in, want string }{
		"of root":         {"01000003" + sets + "a0860100", "01000002" + sets},
		"of a user":       {"00000003" + sets + "a1860100", "00000003" + sets + "01000000"},
		"of another root": {"01000003" + sets + "400d0300", ""},
		"of all":          {"01000002" + sets, ""},
		"of none":         {"01000003" + sets + "00000000", ""},
		"torn":            {"01000003" + sets, ""},
		"empty":           {"", ""},
	} {
		got, changed := twice().Capabilities(unhex(t, tc.in))
		want := tc.want
		if want == "" {
			want = tc.in
		}
		if hex.EncodeToString(got) != want || changed != (tc.want != "") {
			t.Errorf("%s: %x, %v", name, got, changed)
		}
	}
}

// TestOwner: each id is taken back by its own map, and one that is in neither side of that is strange.
func TestOwner(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]uint32][4]uint32{
		{100000, 200000}: {0, 0, 1, 0},
		{100033, 201001}: {33, 1001, 1, 0},
		{100000, 1000}:   {0, 1000, 1, 0},
		{0, 0}:           {0, 0, 0, 0},
		{65534, 65534}:   {65534, 65534, 0, 0},
		{100000, 100000}: {0, 100000, 1, 1},
		{300000, 0}:      {300000, 0, 0, 1},
	} {
		uid, gid, changed, strange := twice().Owner(in[0], in[1])
		if uid != want[0] || gid != want[1] || changed != (want[2] == 1) || strange != (want[3] == 1) {
			t.Errorf("%v: %d:%d, %v, %v", in, uid, gid, changed, strange)
		}
	}
}

// FuzzAttributes: whatever the value of an attribute is, what was taken back stays as it is the second time.
func FuzzAttributes(f *testing.F) {
	f.Add(unhex(f, "0200000001000700ffffffff02000600a1860100"))
	f.Add(unhex(f, "010000030020000000000000010000000200000000000000"))
	f.Fuzz(func(t *testing.T, value []byte) {
		m := From(100000)
		for _, back := range []func([]byte) ([]byte, bool){m.ACL, m.Capabilities} {
			once, changed := back(value)
			if changed == bytes.Equal(once, value) {
				t.Errorf("%x becomes %x: %v", value, once, changed)
			}
			if again, changed := back(once); changed || !bytes.Equal(once, again) {
				t.Errorf("%x becomes %x the second time", once, again)
			}
		}
	})
}
