package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/node"
)

// Node reads the facts of the host and the figures of its use, each time anew: processors and memory can be plugged in.
type Node struct {
	root fs.FS // the host's
	page uint64
}

// NewNode returns a Node of this host.
func NewNode() Node { return Node{os.DirFS("/"), uint64(os.Getpagesize())} }

const (
	cpuDir  = "sys/devices/system/cpu"
	nodeDir = "sys/devices/system/node"
)

// Info returns the facts.
func (n Node) Info() (node.Info, error) {
	i := node.Info{UUID: node.HostUUID(n.optional("sys/class/dmi/id/product_uuid"), n.optional("etc/machine-id"))}
	i.Arch, i.Arch32 = domain.Architectures()
	memory, err := n.memory("proc/meminfo", node.All)
	if err != nil {
		return node.Info{}, err
	}
	i.MHz = n.frequency()
	online, err := n.list(cpuDir + "/online")
	if err != nil {
		return node.Info{}, err
	}
	i.Online, i.Present = online, online
	if present, err := n.list(cpuDir + "/present"); err == nil { // a kernel without hot-plugging has none
		i.Present = present
	}
	i.Caches = n.caches(online)
	i.Cells, err = n.cells(memory, online)
	return i, err
}

// Memory returns the figures of the host's memory, and then those of each cell.
func (n Node) Memory() ([]node.Memory, error) {
	host, err := n.memory("proc/meminfo", node.All)
	if err != nil {
		return nil, err
	}
	ids, err := n.cellIDs()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return []node.Memory{host, {Total: host.Total, Free: host.Free}}, nil
	}
	list := []node.Memory{host}
	for _, id := range ids {
		m, err := n.memory(path.Join(cellDir(id), "meminfo"), id)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// CPU returns for what all processors were used, and then each one.
func (n Node) CPU() ([]node.CPUTime, error) {
	text, err := n.text("proc/stat")
	if err != nil {
		return nil, err
	}
	return node.ParseStat(text)
}

func (n Node) memory(file string, cell int) (node.Memory, error) {
	text, err := n.text(file)
	if err != nil {
		return node.Memory{}, err
	}
	m, err := node.ParseMeminfo(text, cell)
	if err != nil {
		return node.Memory{}, fmt.Errorf("/%s: %w", file, err)
	}
	return m, nil
}

// frequency returns that of the first processor. Some architectures show it only as what is possible, in kHz.
func (n Node) frequency() uint32 {
	if mhz := node.ParseMHz(n.optional("proc/cpuinfo")); mhz > 0 {
		return mhz
	}
	khz, _ := strconv.ParseUint(strings.TrimSpace(n.optional(cpuDir+"/cpu0/cpufreq/cpuinfo_max_freq")), 10, 32)
	return uint32(khz / 1000)
}

// cells returns the NUMA cells. The memory is the host's, for one without NUMA.
func (n Node) cells(memory node.Memory, online []int) ([]node.Cell, error) {
	ids, err := n.cellIDs()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		cell := node.Cell{Memory: memory.Total, Distances: []node.Distance{{Value: 10}}}
		cell.Pages = []node.Pages{{Size: n.page, Count: memory.Total / n.page}}
		cell.CPUs, err = n.cpus(online)
		return []node.Cell{cell}, err
	}
	var cells []node.Cell
	for _, id := range ids {
		cell, err := n.cell(id, ids, online)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

func (n Node) cell(id int, ids, online []int) (node.Cell, error) {
	dir := cellDir(id)
	memory, err1 := n.memory(path.Join(dir, "meminfo"), id)
	distances, err2 := n.text(path.Join(dir, "distance"))
	own, err3 := n.list(path.Join(dir, "cpulist"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return node.Cell{}, err
	}
	cell := node.Cell{ID: id, Memory: memory.Total, Pages: n.pages(dir, memory.Total)}
	var err error
	if cell.Distances, err = node.ParseDistances(distances, ids); err != nil {
		return node.Cell{}, fmt.Errorf("/%s/distance: %w", dir, err)
	}
	cell.CPUs, err = n.cpus(slices.DeleteFunc(own, func(cpu int) bool { return !slices.Contains(online, cpu) }))
	return cell, err
}

// pages counts the pages of each size, the usual ones first. Huge pages are in use by themselves: what is left of the
// memory are usual ones.
func (n Node) pages(dir string, memory uint64) []node.Pages {
	list := []node.Pages{{Size: n.page}}
	for _, p := range n.hugePages(path.Join(dir, "hugepages"), "nr_hugepages") {
		list = append(list, p)
		memory -= min(memory, p.Size*p.Count)
	}
	list[0].Count = memory / n.page
	slices.SortFunc(list[1:], func(a, b node.Pages) int { return int(int64(a.Size) - int64(b.Size)) })
	return list
}

// cpus returns the places of processors. Where the kernel does not tell, each is a core of the first socket.
func (n Node) cpus(ids []int) ([]node.CPU, error) {
	list := make([]node.CPU, 0, len(ids))
	for _, id := range ids {
		dir := path.Join(cpuDir, "cpu"+strconv.Itoa(id), "topology")
		siblings := strings.TrimSpace(n.optional(path.Join(dir, "thread_siblings_list")))
		if _, err := node.ParseList(siblings); err != nil {
			return nil, err
		}
		if siblings == "" {
			siblings = strconv.Itoa(id)
		}
		list = append(list, node.CPU{
			ID: id, Socket: n.place(dir, "physical_package_id", 0), Die: n.place(dir, "die_id", 0),
			Core: n.place(dir, "core_id", id), Siblings: siblings,
		})
	}
	return list, nil
}

// place reads where a processor is. The kernel says -1 if it does not know, and libvirt takes that for 0.
func (n Node) place(dir, file string, unknown int) int {
	text := strings.TrimSpace(n.optional(path.Join(dir, file)))
	if text == "" {
		return unknown
	}
	number, _ := strconv.ParseInt(text, 10, 32)
	return max(0, int(number))
}

func cellDir(id int) string { return path.Join(nodeDir, "node"+strconv.Itoa(id)) }

// cellIDs returns the NUMA cells that are online; none if the kernel has no NUMA.
func (n Node) cellIDs() ([]int, error) {
	ids, err := n.list(nodeDir + "/online")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return ids, err
}

func (n Node) list(file string) ([]int, error) {
	text, err := n.text(file)
	if err != nil {
		return nil, err
	}
	ids, err := node.ParseList(text)
	if err != nil {
		return nil, fmt.Errorf("/%s: %w", file, err)
	}
	return ids, nil
}

func (n Node) text(file string) (string, error) {
	text, err := fs.ReadFile(n.root, file)
	return string(text), err
}

// optional returns the text of a file that not every host has, or "".
func (n Node) optional(file string) string {
	text, _ := n.text(file)
	return text
}
