package labels

import (
	"fmt"
	"os"
	"path/filepath"
)

// Tree makes a tree that is like the root of a Debian: ten files to a directory, some of them links, directories within
// directories.
func Tree(dir string, files int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for n, number := 1, 0; n < files; number++ { // the root is the first one
		in := dir
		for rest := number; rest > 0; rest /= 8 {
			in = filepath.Join(in, fmt.Sprint("directory", rest%8))
		}
		if number > 0 {
			if err := os.MkdirAll(in, 0o755); err != nil { // a directory above may come later
				return err
			}
			n++
		}
		for range min(10, files-n) {
			if err := file(in, n); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

func file(in string, n int) error {
	name := filepath.Join(in, fmt.Sprint("file", n))
	if n%8 == 0 {
		return os.Symlink("../file", name)
	}
	return os.WriteFile(name, nil, 0o644)
}
