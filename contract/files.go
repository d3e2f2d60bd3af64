package contract

import (
	"embed"
	"io/fs"
)

//go:embed introspection/*.xml standard.xml
var files embed.FS

// Introspection is the introspection XML, a file for each interface below introspection/. The standard
// interfaces are not ours to install, so their file, standard.xml, stands apart.
func Introspection() fs.FS { return files }
