package service

import (
	"fmt"
	"os"
	"syscall"
)

// rootOfTree returns the root of a detached mount.
func rootOfTree(tree *os.File) (FileID, error) {
	info, err := tree.Stat()
	if err != nil {
		return FileID{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return FileID{}, fmt.Errorf("%s: no file of this system", tree.Name())
	}
	return FileID{st.Dev, st.Ino}, nil
}
