package shift

import (
	"fmt"

	"github.com/berthd/berth/internal/shellword"
)

// InterruptedError says that no container starts with a tree, because some of its files may have plain owners, and
// others not. An unshift of it goes on, or was killed.
type InterruptedError struct {
	Map Map // of the unshift; without ranges if nobody knows it
	// What the unshift is called with: the name of the container whose root it is, or else the path of the tree. Both are
	// empty for an image.
	Name, Path string
	Above      string // the directory of the unshift, if that is one above the tree
}

func (e *InterruptedError) Error() string {
	what, todo := e.parts()
	return what + "; " + todo
}

// parts says what is wrong, and what to do about it.
func (e *InterruptedError) parts() (what, todo string) {
	by := ""
	if len(e.Map.UIDs) > 0 {
		by = fmt.Sprintf(" by the ids that begin at %d", e.Map.UIDs[0].Outside)
	}
	of := "it"
	if e.Above != "" {
		of = e.Above + ", where it is,"
	}
	what = "an unshift of " + of + by + " was interrupted, or still goes on: some of its files have plain owners, and others may not"
	switch {
	case e.Above != "":
		return what, "'berthctl unshift --path " + shellword.Quote(e.Above) + "' goes on with it, and ends it"
	case e.Name != "":
		return what, "'berthctl unshift " + shellword.Operand(e.Name) + "' goes on with it, and ends it"
	case e.Path != "":
		return what, "'berthctl unshift --path " + shellword.Quote(e.Path) + "' goes on with it, and ends it"
	}
	return what, "mount the image, and 'berthctl unshift --path DIRECTORY' goes on with it, and ends it"
}
