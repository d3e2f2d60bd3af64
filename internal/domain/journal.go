package domain

// readJournal reads which consoles' output goes to the journal.
func readJournal(d *Def, e *extension, f *faults) {
	const at = "domain/berth:container/berth:journal"
	for i, j := range e.Journal {
		switch {
		case j.Console == nil:
			f.invalid(nth(at, i)+"@console", "it is missing or empty")
		case *j.Console >= uint64(len(d.Consoles)):
			f.invalid(nth(at, i)+"@console", "there is no console %d; the consoles are numbered from 0 to %d", *j.Console, len(d.Consoles)-1)
		default:
			d.Extension.Journal |= 1 << *j.Console
		}
	}
}

func formatJournal(consoles uint64) (list []extJournal) {
	for n := range uint64(maxConsoles) {
		if consoles&(1<<n) != 0 {
			list = append(list, extJournal{Console: &n})
		}
	}
	return list
}
