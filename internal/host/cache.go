package host

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/node"
)

// sharedLevel is the lowest level of the caches that libvirt tells of.
const sharedLevel = 3

// caches returns the caches of level 3 and higher, each once. Many virtual machines tell none.
func (n Node) caches(online []int) []node.Cache {
	var list []node.Cache
	for _, cpu := range online {
		dir := path.Join(cpuDir, "cpu"+strconv.Itoa(cpu), "cache")
		entries, _ := fs.ReadDir(n.root, dir)
		for _, e := range entries {
			c, ok := n.cache(path.Join(dir, e.Name()))
			if ok && !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list
}

// cache reads a cache. It returns false for one of a lower level, and for one that the kernel does not describe.
func (n Node) cache(dir string) (node.Cache, bool) {
	level := n.place(dir, "level", 0)
	size, isKiB := strings.CutSuffix(strings.TrimSpace(n.optional(path.Join(dir, "size"))), "K")
	kib, err := strconv.ParseUint(size, 10, 32)
	kind := map[string]string{"Unified": "both", "Instruction": "code", "Data": "data"}[strings.TrimSpace(n.optional(path.Join(dir, "type")))]
	if level < sharedLevel || !isKiB || err != nil || kind == "" {
		return node.Cache{}, false
	}
	cpus := strings.TrimSpace(n.optional(path.Join(dir, "shared_cpu_list")))
	return node.Cache{ID: n.place(dir, "id", 0), Level: level, Type: kind, Size: kib << 10, CPUs: cpus}, true
}
