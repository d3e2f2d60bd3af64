package figures

import (
	"bytes"
	"fmt"
)

// pressureFigures are the four figures of a file.
type pressureFigures struct{ someTotal, someAvg10, fullTotal, fullAvg10 Figure }

// CPUPressure enters what a cpu.pressure says.
func (s *Set) CPUPressure(text []byte) error {
	return s.pressure(text, pressureFigures{CPUPressureSomeUSec, CPUPressureSomeAvg10, CPUPressureFullUSec, CPUPressureFullAvg10})
}

// MemoryPressure enters what a memory.pressure says.
func (s *Set) MemoryPressure(text []byte) error {
	return s.pressure(text, pressureFigures{MemoryPressureSomeUSec, MemoryPressureSomeAvg10, MemoryPressureFullUSec, MemoryPressureFullAvg10})
}

// IOPressure enters what an io.pressure says.
func (s *Set) IOPressure(text []byte) error {
	return s.pressure(text, pressureFigures{IOPressureSomeUSec, IOPressureSomeAvg10, IOPressureFullUSec, IOPressureFullAvg10})
}

// pressure reads lines such as "some avg10=0.12 avg60=0.00 avg300=0.00 total=345" (psi.rst).
func (s *Set) pressure(text []byte, f pressureFigures) error {
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		kind, rest, _ := bytes.Cut(l, []byte{' '})
		total, avg10 := f.someTotal, f.someAvg10
		switch string(kind) {
		case "some":
		case "full":
			total, avg10 = f.fullTotal, f.fullAvg10
		default:
			continue
		}
		if err := s.share(rest, total, avg10); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// share reads one line of a pressure file.
func (s *Set) share(text []byte, total, avg10 Figure) error {
	for pair := range bytes.FieldsSeq(text) {
		key, value, _ := bytes.Cut(pair, []byte{'='})
		var n uint64
		var err error
		to := total
		switch string(key) {
		case "total":
			n, err = number(value)
		case "avg10":
			to = avg10
			n, err = hundredths(value)
		default:
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		s.Put(to, n)
	}
	return nil
}

// hundredths reads a percentage with two digits behind the point.
func hundredths(text []byte) (uint64, error) {
	whole, part, _ := bytes.Cut(text, []byte{'.'})
	n, err := number(whole)
	if err != nil {
		return 0, err
	}
	m, err := number(part)
	if err != nil || len(part) != 2 || n > 100 {
		return 0, fmt.Errorf("%q is no percentage with two digits behind the point", text)
	}
	return n*100 + m, nil
}
