package node

import "testing"

// hostOf makes a host of cells with so many sockets, cores and threads each.
func hostOf(cells, sockets, cores, threads int) Info {
	var i Info
	id := 0
	for c := range cells {
		cell := Cell{ID: c}
		for s := range sockets {
			for core := range cores {
				for range threads {
					cell.CPUs = append(cell.CPUs, CPU{ID: id, Socket: c*sockets + s, Core: core})
					id++
				}
			}
		}
		i.Cells = append(i.Cells, cell)
	}
	return i
}

// TestShape: processors are counted in libvirt's way, and an uneven arrangement is shown as one flat socket.
func TestShape(t *testing.T) {
	t.Parallel()
	lacking := hostOf(1, 1, 4, 2)
	lacking.Cells[0].CPUs = lacking.Cells[0].CPUs[:7]
	memoryOnly := hostOf(2, 1, 2, 1)
	memoryOnly.Cells = append(memoryOnly.Cells, Cell{ID: 2, Memory: 1 << 30})
	dies := hostOf(1, 1, 4, 1)
	for n := range dies.Cells[0].CPUs {
		dies.Cells[0].CPUs[n].Die, dies.Cells[0].CPUs[n].Core = n/2, n%2
	}
	uneven := hostOf(2, 1, 2, 1)
	uneven.Cells[1].CPUs = append(uneven.Cells[1].CPUs, CPU{ID: 9, Socket: 1, Core: 7})
	for name, tc := range map[string]struct {
		host Info
		want Shape
	}{
		"one processor":           {hostOf(1, 1, 1, 1), Shape{1, 1, 1, 1, 1}},
		"threads":                 {hostOf(1, 1, 4, 2), Shape{8, 1, 1, 4, 2}},
		"two cells of two":        {hostOf(2, 2, 8, 2), Shape{64, 2, 2, 8, 2}},
		"one thread is offline":   {lacking, Shape{7, 1, 1, 7, 1}},
		"a cell has memory only":  {memoryOnly, Shape{4, 2, 1, 2, 1}},
		"two dies, the same ids":  {dies, Shape{4, 1, 1, 4, 1}},
		"cells that are not even": {uneven, Shape{5, 1, 1, 5, 1}},
		"no processor":            {Info{Cells: []Cell{{}}}, Shape{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.host.Shape(); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// TestHostUUID: the firmware's uuid is the host's, and one that cannot be right is replaced by one from the machine id.
func TestHostUUID(t *testing.T) {
	t.Parallel()
	const machine = "4c4c4544004d3510805ac7c04f423332"
	derived := HostUUID("", machine+"\n")
	if len(derived) != 36 || derived[14] != '4' || HostUUID("", machine) != derived {
		t.Errorf("derived: %q", derived)
	}
	for firmware, want := range map[string]string{
		"4C4C4544-004D-3510-805A-C7C04F423332\n": "4c4c4544-004d-3510-805a-c7c04f423332",
		"00000000-0000-0000-0000-000000000000\n": derived,
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n": derived,
		"Not Settable\n":                         derived,
	} {
		if got := HostUUID(firmware, machine); got != want {
			t.Errorf("%q: %s, want %s", firmware, got, want)
		}
	}
	if got := HostUUID("", "uninitialized\n"); got != "" {
		t.Errorf("without any id: %q", got)
	}
}
