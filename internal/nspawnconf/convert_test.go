package nspawnconf

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/test/goldenfile"
)

// corpus returns the settings files of testdata.
func corpus(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.nspawn")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d settings files: %v", len(names), err)
	}
	return names
}

// optionsOf returns what is said beside a file of the corpus.
func optionsOf(name string) Options {
	owner := uint32(0)
	o := Options{Name: "web", Root: "/var/lib/machines/web", Owner: &owner}
	switch name {
	case "long-name":
		o.Name = "a_machine-with-a-long-name"
	case "image":
		o.Root, o.Owner = "/var/lib/machines/web.raw", nil
	case "device":
		o.Root, o.Owner = "/dev/vg/web", nil
	case "users-owner", "users-pick":
		shifted := uint32(1_879_048_192 - 65536)
		o.Owner = &shifted
	case "untrusted":
		o.Untrusted = true
	case "boot":
		o.Init = "/usr/lib/systemd/systemd"
	}
	return o
}

// golden returns what a conversion says: the warnings or the error, and the definition.
func golden(r *native.Result, err error) string {
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "%s:%d: %s\n", w.File, w.Line, w.Text)
	}
	return b.String() + "\n" + r.XML
}

// TestConvert: each settings file of the corpus becomes the definition, the warnings or the error of its golden file.
func TestConvert(t *testing.T) {
	t.Parallel()
	for _, name := range corpus(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".nspawn")
		got := golden(Convert(filepath.Base(name), string(text), optionsOf(base)))
		file := strings.TrimSuffix(name, ".nspawn") + ".golden"
		goldenfile.Check(t, file, got)
		if !strings.HasPrefix(got, "error: ") && strings.Contains(got, "has to be changed") {
			t.Errorf("%s: the definition is refused:\n%s", name, got)
		}
	}
}

// TestEverySettingIsSaid: a setting of systemd.nspawn(5) with a value changes the definition or is a warning with its
// line.
func TestEverySettingIsSaid(t *testing.T) {
	t.Parallel()
	plain, err := Convert("x", "", optionsOf(""))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{
		"Exec.Boot": "no", "Exec.Parameters": "a", "Exec.Environment": "A=1", "Exec.WorkingDirectory": "/srv", "Exec.Capability": "CAP_SYS_TIME",
		"Exec.DropCapability": "CAP_MKNOD", "Exec.KillSignal": "SIGTERM", "Exec.Personality": "x86", "Exec.MachineID": "0123456789abcdef0123456789abcdef",
		"Exec.PrivateUsers": "no", "Exec.CPUAffinity": "1", "Files.Bind": "/srv", "Files.BindReadOnly": "/srv", "Files.TemporaryFileSystem": "/x",
		"Files.PrivateUsersOwnership": "chown", "Files.PrivateUsersChown": "yes", "Network.VirtualEthernet": "no", "Network.Private": "perhaps",
		"Exec.LimitRTTIME": "7", "Exec.LimitNICE": "7",
	}
	for key := range settings() {
		value, ok := values[key]
		if !ok {
			value = "yes"
		}
		if strings.HasPrefix(key, "Exec.Limit") && !ok {
			value = "7"
		}
		section, name, _ := strings.Cut(key, ".")
		r, err := Convert("x", "["+section+"]\n"+name+"="+value+"\n", optionsOf(""))
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		said := r.XML != plain.XML
		for _, w := range r.Warnings {
			said = said || w.Line == 2
		}
		if !said {
			t.Errorf("%s=%s is skipped in silence", key, value)
		}
	}
}

// TestMissing: a container without a name or a root is refused.
func TestMissing(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Root: "/srv"}, {Name: "a"}, {Name: "a", Root: "srv"}} {
		if _, err := Convert("x", "", o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	for name, text := range map[string]string{"bytes": strings.Repeat("x", 2<<20), "lines": strings.Repeat("\n", 3000)} {
		if _, err := Convert("x", text, optionsOf("")); err == nil {
			t.Errorf("too many %s are taken", name)
		}
	}
}

// TestLargeInput: the most that is taken is converted in short time, whatever it repeats.
func TestLargeInput(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < maxBytes/2; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"words":      "[Exec]\nEnvironment=" + numbered(" A%d=1"),
		"parameters": "[Exec]\nParameters=" + numbered(" %d"),
		"links":      "[Network]\nMACVLAN=" + numbered(" e%d"),
		"processors": "[Exec]\n" + strings.Repeat("CPUAffinity=0-8191\n", 300),
		"devices":    "[Files]\n" + strings.Repeat("Bind=/dev/kvm\n", 1900),
		"warnings":   "[Files]\n" + strings.Repeat("Bind=a\n", 1900),
	} {
		start := used(t)
		if _, err := Convert("x", text, optionsOf("")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := used(t) - start; took > 5*time.Second { // 20 times what it takes on an idle host
			t.Errorf("%s took %s", name, took)
		}
	}
}

// used returns the processor time of this thread so far: others may have the processor meanwhile.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// FuzzConvert: no text makes a conversion crash, and it returns an error with its file, or a definition that is read
// again unless a warning says what is to be changed.
func FuzzConvert(f *testing.F) {
	for _, name := range corpus(f) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "web", "/srv/web", uint32(0))
	}
	f.Fuzz(func(t *testing.T, text, name, root string, owner uint32) {
		r, err := Convert("x.nspawn", text, Options{Name: name, Root: root, Owner: &owner})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.nspawn") {
				t.Fatalf("%v has no file", err)
			}
			return
		}
		for _, w := range r.Warnings {
			if strings.Contains(w.Text, "has to be changed") {
				return
			}
		}
		if _, err := domain.Parse([]byte(r.XML)); err != nil && !strings.Contains(err.Error(), "@arch") {
			t.Fatalf("%v\n%s", err, r.XML)
		}
	})
}
