//go:build nest

package nest

import (
	"os"
	"strings"
	"testing"
)

// TestHotPlugAgain: whatever a running container had and lost it can get again, as often as anybody likes, in the same
// run, and the host is then as it was.
func TestHotPlugAgain(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.254/24")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	dev := device(t, words(t, "mine"))
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			g := sleeper(t, "web")
			g.More, g.Devs = more, "<interface type='ethernet'/>"+diskXML(words(t, "disk"), "vda", "")
			g.start(t)
			for what, xml := range map[string]string{
				"a directory":       fsXML("mount", "dir='"+dir+"'", "/data", ""),
				"a ram file system": fsXML("ram", "usage='1024'", "/data", ""),
				"an image":          fsXML("file", "file='"+image(t, t.TempDir())+"'", "/data", ""),
				"a disk":            diskXML(words(t, "another"), "vdb", ""),
				"a block device":    storageXML(dev),
				"a device":          miscXML("/dev/net/tun"),
				"an interface":      later("br0", "192.0.2.7", "<bandwidth><outbound average='1000'/></bandwidth>"),
				"an interface with ports": later("br0", "192.0.2.7",
					"<berth:port xmlns:berth='urn:berth:container:1' proto='tcp' host='8080' guest='80'/>"),
			} {
				for round := range 3 {
					for _, verb := range []string{"attach", "detach"} {
						if err := changeLink(t, "web", verb, xml); err != nil {
							t.Fatalf("%s, round %d: %s: %v", what, round, verb, err)
						}
					}
				}
				if live := run(t, "berthctl", "dumpxml", "web"); strings.Contains(live, "/data") || strings.Contains(live, "vdb") || strings.Contains(live, "<hostdev") || strings.Contains(live, "br0") {
					t.Errorf("%s: the container has\n%s", what, live)
				}
			}
			run(t, "berthctl", "destroy", "web")
			unlooped(t, dev)
		})
	}
}
