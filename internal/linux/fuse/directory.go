package fuse

import "golang.org/x/sys/unix"

// readdir lists the directory from an offset on. The offset is the number of files before it. Each
// entry has all that a lookup of the file would return, so the kernel need not look the names up.
func (s *Server) readdir(r request) ([]byte, unix.Errno) {
	in, err := parseRead(r.body)
	if err != nil || r.node != rootNode {
		return nil, unix.EINVAL
	}
	list := make([]byte, 0, 1<<10)
	for i := min(in.offset, uint64(len(s.Files))); i < uint64(len(s.Files)); i++ {
		name := s.Files[i].Name
		room := entryOut + (direntOut+len(name)+7)&^7 // FUSE_DIRENT_ALIGN
		if len(list)+room > int(in.size) {
			break
		}
		list = append(list, make([]byte, room)...)
		b := list[len(list)-room:]
		node := firstNode + i
		s.entry(b, node)
		dirent := b[entryOut:]
		order.PutUint64(dirent, node)
		order.PutUint64(dirent[8:], i+1)
		order.PutUint32(dirent[16:], uint32(len(name)))
		order.PutUint32(dirent[20:], unix.DT_REG)
		copy(dirent[direntOut:], name)
	}
	return list, 0
}
