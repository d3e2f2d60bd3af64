package account

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/berthd/berth/internal/linux/inroot"
)

// TestLookUpUnknown: a user or a group that is not found is named, with the file that does not have it.
func TestLookUpUnknown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": "web:x:5:6::/srv:\n", "group": "staff:x:7:web\n"} {
		if err := os.WriteFile(filepath.Join(dir, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	for name, c := range map[string]struct{ user, group, want string }{
		"both":            {"web", "staff", ""},
		"numbers":         {"+8", "+9", ""},
		"no user":         {"nobody", "", `user "nobody" is not in the container's /etc/passwd`},
		"no user, group":  {"nobody", "staff", `user "nobody" is not in the container's /etc/passwd`},
		"no group":        {"web", "x y", `group "x y" is not in the container's /etc/group`},
		"group only":      {"", "wheel", `group "wheel" is not in the container's /etc/group`},
		"too large":       {"4294967296", "", `user "4294967296": uids and gids must be in range 0-2147483647`},
		"too large group": {"web", "4294967296", `user "web", group "4294967296": uids and gids must be in range 0-2147483647`},
	} {
		_, err := LookUp(inroot.New(f), c.user, c.group)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if _, known := errors.AsType[*Unknown](err); got != c.want || known != (c.want != "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
