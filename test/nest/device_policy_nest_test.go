//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// policyRows are devices by their numbers and what an open of one says. A container has those that
// libvirt's list allows; the list counts, not the capability to make a node, nor who owns it.
var policyRows = []struct {
	name         string
	kind         uint32
	major, minor uint32
	says         string
}{
	{"null", unix.S_IFCHR, 1, 3, opens},
	{"zero", unix.S_IFCHR, 1, 5, opens},
	{"full", unix.S_IFCHR, 1, 7, opens},
	{"random", unix.S_IFCHR, 1, 8, opens},
	{"urandom", unix.S_IFCHR, 1, 9, opens},
	{"tty", unix.S_IFCHR, 5, 0, opens},
	{"fuse", unix.S_IFCHR, 10, 229, opens},
	// A terminal, or what makes one, is found by the devpts around it only; but the list lets it pass.
	{"ptmx", unix.S_IFCHR, 5, 2, passes},
	{"pts-first", unix.S_IFCHR, 136, 0, passes},
	{"pts-last", unix.S_IFCHR, 136, 1<<20 - 1, passes},

	{"mem", unix.S_IFCHR, 1, 1, denied},
	{"port", unix.S_IFCHR, 1, 4, denied},
	{"kmsg", unix.S_IFCHR, 1, 11, denied},
	{"no-memory-device", unix.S_IFCHR, 1, 99, denied},
	{"tty0", unix.S_IFCHR, 4, 0, denied},
	{"tty1", unix.S_IFCHR, 4, 1, denied},
	{"ttyS0", unix.S_IFCHR, 4, 64, denied},
	{"host-console", unix.S_IFCHR, 5, 1, denied},
	{"vcs", unix.S_IFCHR, 7, 0, denied},
	{"watchdog", unix.S_IFCHR, 10, 130, denied},
	{"tun", unix.S_IFCHR, 10, 200, denied},
	{"hpet", unix.S_IFCHR, 10, 228, denied},
	{"kvm", unix.S_IFCHR, 10, 232, denied},
	{"btrfs-control", unix.S_IFCHR, 10, 234, denied},
	{"loop-control", unix.S_IFCHR, 10, 237, denied},
	{"vhost-net", unix.S_IFCHR, 10, 238, denied},
	{"input", unix.S_IFCHR, 13, 63, denied},
	{"sg0", unix.S_IFCHR, 21, 0, denied},
	{"fb0", unix.S_IFCHR, 29, 0, denied},
	{"pts-of-another-major", unix.S_IFCHR, 128, 0, denied},
	{"usb", unix.S_IFCHR, 189, 0, denied},
	{"dri", unix.S_IFCHR, 226, 0, denied},
	{"no-driver", unix.S_IFCHR, 4000, 0, denied},
	// The allowed numbers, as block devices.
	{"block-1:3", unix.S_IFBLK, 1, 3, denied},
	{"block-136:0", unix.S_IFBLK, 136, 0, denied},
	{"loop0", unix.S_IFBLK, 7, 0, denied},
	{"sda", unix.S_IFBLK, 8, 0, denied},
	{"vda", unix.S_IFBLK, 254, 0, denied},
	{"nvme", unix.S_IFBLK, 259, 0, denied},
}

const (
	opens  = "opens"
	passes = "anything but a denial"
	denied = "Operation not permitted"
)

// TestDevicePolicy: a container opens the devices of libvirt's list and no other, by nodes of its
// image and by those that it makes itself.
func TestDevicePolicy(t *testing.T) {
	clean(t)
	letter := map[uint32]string{unix.S_IFCHR: "c", unix.S_IFBLK: "b"}
	for name, c := range map[string]struct {
		more  string
		image bool // brings the nodes
	}{
		"of the image":         {"", true},
		"of the image, mapped": {idmap, true},
		"made inside":          {"<features><capabilities policy='default'><mknod state='on'/></capabilities></features>", false},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: c.more}
			dir := filepath.Join(g.Root, "nodes")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, row := range policyRows {
				if c.image {
					if err := unix.Mknod(filepath.Join(dir, row.name), row.kind|0o600, int(unix.Mkdev(row.major, row.minor))); err != nil {
						t.Fatal(err)
					}
				} else {
					fmt.Fprintf(&text, "mknod /nodes/%s %s %d %d || echo '%[1]s cannot be made'\n", row.name, letter[row.kind], row.major, row.minor)
				}
				// Opened with O_RDWR and then for reading only.
				for _, redirect := range []string{"<>", "<"} {
					fmt.Fprintf(&text, "(true 3%s/nodes/%s) 2>/said && echo '%[2]s %s' || echo %[2]s $(sed 's/.*: //' /said)\n", redirect, row.name, opens)
				}
			}
			said := tell(t, g, text.String())
			for _, row := range policyRows {
				var got []string
				for line := range strings.SplitSeq(said, "\n") {
					if rest, ok := strings.CutPrefix(line, row.name+" "); ok {
						got = append(got, rest)
					}
				}
				asSaid := func(word string) bool { return word == row.says || row.says == passes && word != denied }
				if len(got) != 2 || !asSaid(got[0]) || !asSaid(got[1]) {
					t.Errorf("%s: got %q, want twice %q", row.name, got, row.says)
				}
			}
		})
	}
}
