//go:build nest

package nest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// xfsImage is an empty xfs of 16 MiB, by mkfs.xfs of xfsprogs 6.1.
//
//go:embed testdata/xfs.img.gz.gz
var xfsImage []byte

// xfs writes the image into a file.
func xfs(t *testing.T) string {
	t.Helper()
	var from io.Reader = bytes.NewReader(xfsImage)
	for range 2 {
		z, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	}
	file := filepath.Join(t.TempDir(), "xfs.img")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(f, from); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestImageCopies: copies of one xfs, which have one uuid, are in two containers at once, as an image and as a block
// device. One with <readonly/> is in many.
func TestImageCopies(t *testing.T) {
	clean(t)
	image, replica := xfs(t), filepath.Join(t.TempDir(), "copy")
	run(t, "cp", image, replica)
	dev := device(t, xfs(t))
	block := "<filesystem type='block'><source dev='" + dev + "'/><target dir='/data'/></filesystem>"
	for name, list := range map[string][]string{
		"copies":    {imageFS(image, ""), imageFS(replica, "")},
		"read-only": {imageFS(image, "<readonly/>"), imageFS(image, "<readonly/>"), imageFS(replica, "<readonly/>")},
		"a device":  {block, imageFS(image, "")},
	} {
		t.Run(name, func(t *testing.T) {
			for i, devs := range list {
				g := sleeper(t, "web"+pidOf(uint32(i)))
				g.Devs = devs
				if r := try(t, "berthctl", "create", g.file(t)); r.Status != 0 {
					t.Errorf("%d: %+v", i, r)
				}
			}
			for i := range list {
				try(t, "berthctl", "destroy", "web"+pidOf(uint32(i)))
			}
		})
	}
}
