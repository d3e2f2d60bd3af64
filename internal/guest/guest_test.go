package guest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseRelease: quotes and backslashes are the shell's, and what is no assignment is left out.
func TestParseRelease(t *testing.T) {
	t.Parallel()
	text := "# a comment\nID=debian\nPRETTY_NAME=\"Debian \\\"12\\\"\"\nNAME='a \\b'\nBAD LINE=x\nEMPTY=\nnothing\nX=a\\ b\n"
	want := Release{"ID": "debian", "PRETTY_NAME": `Debian "12"`, "NAME": `a \b`, "EMPTY": "", "X": "a b"}
	if diff := cmp.Diff(want, ParseRelease(text)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

const mountTable = `100 99 8:1 /srv/web / rw,relatime master:1 - ext4 /dev/sda1 rw
101 100 0:30 / /proc rw - proc proc rw
102 101 0:31 / /proc/meminfo rw - fuse berth rw
103 100 0:32 / /run rw - tmpfs tmpfs rw
104 100 8:1 /data /my\040data rw - ext4 /dev/sda1 rw
105 100 0:33 / /nfs rw - nfs4 host:/export rw
106 100 8:2 / /hidden rw - xfs /dev/sda2 rw
107 106 0:34 / /hidden rw - tmpfs tmpfs rw
108 100 8:3 / /twice rw - ext4 /dev/sda3 rw
109 108 8:4 / /twice rw - xfs /dev/sda4 rw
`

// TestParseMounts: file systems with files are listed as the container sees them, and not what is hidden or the
// kernel's.
func TestParseMounts(t *testing.T) {
	t.Parallel()
	got, err := ParseMounts(mountTable)
	want := []FileSystem{
		{"/", "sda1", "ext4"}, {"/my data", "sda1", "ext4"}, {"/nfs", "host:/export", "nfs4"}, {"/twice", "sda4", "xfs"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if _, err := ParseMounts("1 2 3\n"); err == nil {
		t.Error("half a line is no error")
	}
}

// FuzzParseMounts: whatever the table says, each mount point is listed once, and none of the kernel's.
func FuzzParseMounts(f *testing.F) {
	f.Add(mountTable)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseMounts(text)
		if err != nil && list != nil {
			t.Errorf("a list and %v", err)
		}
		seen := map[string]bool{}
		for _, fs := range list {
			if seen[fs.MountPoint] || fs.MountPoint == "" || ofKernel(fs.MountPoint) || shown(fs.Type) {
				t.Errorf("%+v", fs)
			}
			seen[fs.MountPoint] = true
		}
	})
}

// FuzzParseRelease: a name has no blank and no "=", and a value is no longer than its line.
func FuzzParseRelease(f *testing.F) {
	f.Add("ID=debian\nNAME=\"a\\\"b\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range ParseRelease(text) {
			if name == "" || strings.ContainsAny(name, "= \t") || len(value) > len(text) {
				t.Errorf("%q=%q", name, value)
			}
		}
	})
}
