package remote

import (
	"context"

	"github.com/berthd/berth/internal/node"
	"github.com/berthd/berth/internal/remote/xdr"
)

// freePages answers with the free pages of each cell, and in each of those the sizes in the client's order. Sizes are
// in KiB.
func freePages(_ context.Context, c *call) error {
	sizes := make([]uint32, c.in.Count(maxCells, 4))
	for i := range sizes {
		sizes[i] = c.in.U32()
	}
	first, cells, flags := c.in.I32(), c.in.U32(), c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	case uint64(len(sizes))*uint64(cells) > maxCells:
		return wrong(codeInternal, domainRemote, "the result won't fit into %d cells", maxCells)
	}
	list, err := c.core().NodeFreePages()
	if err != nil {
		return err
	}
	last := len(list) - 1
	at, n := c.out.Len(), uint32(0)
	c.out.U32(0)
	for i, cell := range list {
		if i < int(first) || first < 0 || int64(i) >= int64(first)+int64(cells) {
			continue
		}
		for _, size := range sizes {
			count, is := pagesOf(cell, uint64(size)<<10)
			if !is {
				return wrong(codeOperationFailed, domainLXC, "page size %d is not available on node %d", size, cell.Cell)
			}
			c.out.U64(count)
			n++
		}
	}
	if first < 0 || int(first) > last {
		return outOfRange(first, last)
	}
	c.out.SetU32(at, n)
	return nil
}

func pagesOf(cell node.FreePages, size uint64) (uint64, bool) {
	for _, p := range cell.Pages {
		if p.Size == size {
			return p.Count, true
		}
	}
	return 0, false
}

// outOfRange is libvirt's error of a cell that the host has not.
func outOfRange(first int32, last int) error {
	return wrong(codeInternal, domainLXC, "start cell %d out of range (0-%d)", first, last)
}

// sharedMemory answers with what KSM does, as far as the kernel tells.
func sharedMemory(_ context.Context, c *call) error {
	room, flags := c.in.I32(), c.in.U32()
	const texts = 4
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^texts != 0:
		return unknownFlags(flags, c.proc.name)
	}
	var list []xdr.Typed
	for _, m := range c.core().NodeSharedMemory() {
		switch m.Name {
		case "pages_to_scan", "sleep_millisecs", "merge_across_nodes":
			list = append(list, xdr.UIntOf("shm_"+m.Name, uint32(m.Value)))
		default:
			list = append(list, xdr.ULLongOf("shm_"+m.Name, m.Value))
		}
	}
	c.twoPhase(room, list)
	return nil
}
