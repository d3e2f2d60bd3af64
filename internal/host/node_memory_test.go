package host

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/node"
)

// TestFreePages: each cell has its free pages of each size; a host without NUMA is one cell.
func TestFreePages(t *testing.T) {
	t.Parallel()
	small := tree(`proc/meminfo MemTotal: 1024 kB;MemFree: 512 kB;Buffers: 1 kB;Cached: 2 kB
		sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 3`)
	two := server()
	for name, text := range map[string]string{"node0": "7", "node1": "0"} {
		maps.Copy(two, tree("sys/devices/system/node/"+name+"/hugepages/hugepages-2048kB/free_hugepages "+text))
	}
	for name, tc := range map[string]struct {
		host Node
		want []node.FreePages
	}{
		"without NUMA": {Node{small, 4096}, []node.FreePages{{Pages: []node.Pages{{Size: 4096, Count: 128}, {Size: 2 << 20, Count: 3}}}}},
		"two cells": {Node{two, 4096}, []node.FreePages{
			{Cell: 0, Pages: []node.Pages{{Size: 4096, Count: 262144}, {Size: 2 << 20, Count: 7}}},
			{Cell: 1, Pages: []node.Pages{{Size: 4096, Count: 524288}, {Size: 2 << 20, Count: 0}}},
		}},
	} {
		got, err := tc.host.FreePages()
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
		}
	}
}

// TestSharedMemory: what the kernel has of KSM is told in libvirt's order, and a kernel without it has nothing.
func TestSharedMemory(t *testing.T) {
	t.Parallel()
	ksm := tree("sys/kernel/mm/ksm/full_scans 9\nsys/kernel/mm/ksm/pages_to_scan 100\nsys/kernel/mm/ksm/run 1")
	want := []node.SharedMemory{{Name: "pages_to_scan", Value: 100}, {Name: "full_scans", Value: 9}}
	if diff := cmp.Diff(want, Node{ksm, 4096}.SharedMemory()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if list := (Node{tree(""), 4096}).SharedMemory(); list != nil {
		t.Errorf("without KSM: %v", list)
	}
}

// TestFirmware: the words of the firmware are read, and a host without SMBIOS has none.
func TestFirmware(t *testing.T) {
	t.Parallel()
	dmi := tree("sys/class/dmi/id/sys_vendor ACME\nsys/class/dmi/id/modalias dmi:x\nsys/class/dmi/id/board_name x;y\n")
	want := node.Firmware{"sys_vendor": "ACME", "board_name": "x\ny"}
	if diff := cmp.Diff(want, Node{dmi, 4096}.Firmware()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if f := (Node{tree(""), 4096}).Firmware(); len(f) != 0 {
		t.Errorf("without SMBIOS: %v", f)
	}
}
