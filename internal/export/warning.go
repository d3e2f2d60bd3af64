package export

import "fmt"

// Warning is something of the container that an export lacks, or has otherwise.
type Warning struct {
	Element string // of the definition
	Text    string
	// Commands are for root of the host, and make up for the loss. $PID stands for the pid of the container's init.
	Commands []string
}

// Warnings are those of one export, in the order of the plan.
type Warnings []Warning

// Add adds a warning.
func (w *Warnings) Add(element, format string, args ...any) {
	*w = append(*w, Warning{Element: element, Text: fmt.Sprintf(format, args...)})
}

// Instead adds a warning with the commands that make up for it.
func (w *Warnings) Instead(element, text string, commands ...string) {
	*w = append(*w, Warning{Element: element, Text: text, Commands: commands})
}
