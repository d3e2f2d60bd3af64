package host

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/node"
)

const ksmDir = "sys/kernel/mm/ksm"

// FreePages counts the free pages of each cell, those of the usual size first.
func (n Node) FreePages() ([]node.FreePages, error) {
	memory, err := n.Memory()
	if err != nil {
		return nil, err
	}
	var list []node.FreePages
	for _, m := range memory {
		if m.Cell == node.All {
			continue
		}
		cell := node.FreePages{Cell: m.Cell, Pages: []node.Pages{{Size: n.page, Count: m.Free / n.page}}}
		dir := path.Join(cellDir(m.Cell), "hugepages")
		if !n.has(dir) { // a kernel without NUMA
			dir = "sys/kernel/mm/hugepages"
		}
		list = append(list, node.FreePages{Cell: cell.Cell, Pages: append(cell.Pages, n.hugePages(dir, "free_hugepages")...)})
	}
	return list, nil
}

// hugePages reads a number of each size of huge pages; none of a kernel without them. What cannot be read is left out.
func (n Node) hugePages(dir, file string) (list []node.Pages) {
	entries, _ := fs.ReadDir(n.root, dir)
	for _, e := range entries {
		size, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), "kB"), "hugepages-")
		kib, err := strconv.ParseUint(size, 10, 32)
		count, err2 := strconv.ParseUint(strings.TrimSpace(n.optional(path.Join(dir, e.Name(), file))), 10, 32)
		if ok && err == nil && err2 == nil {
			list = append(list, node.Pages{Size: kib << 10, Count: count})
		}
	}
	return list
}

// SharedMemory returns the figures and settings of KSM that the kernel has; none if it has no KSM.
func (n Node) SharedMemory() (list []node.SharedMemory) {
	for _, name := range node.SharedMemoryNames() {
		if value, err := strconv.ParseUint(strings.TrimSpace(n.optional(path.Join(ksmDir, name))), 10, 64); err == nil {
			list = append(list, node.SharedMemory{Name: name, Value: value})
		}
	}
	return list
}

// Firmware returns what the firmware says of the host. It is empty where there is no SMBIOS.
func (n Node) Firmware() node.Firmware {
	const dir = "sys/class/dmi/id"
	f := node.Firmware{}
	entries, _ := fs.ReadDir(n.root, dir)
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != "modalias" && e.Name() != "uevent" {
			if text := strings.TrimSpace(strings.ToValidUTF8(n.optional(path.Join(dir, e.Name())), "?")); text != "" {
				f[e.Name()] = text
			}
		}
	}
	return f
}

func (n Node) has(file string) bool {
	_, err := fs.Stat(n.root, file)
	return err == nil
}
