package bus

import "sync/atomic"

// Serials numbers the messages of a connection, godbus's and those of whoever else writes to it.
type Serials struct{ last atomic.Uint32 }

// GetSerial implements dbus.SerialGenerator. Zero is not a valid serial.
func (s *Serials) GetSerial() uint32 {
	for {
		if n := s.last.Add(1); n != 0 {
			return n
		}
	}
}

// RetireSerial implements dbus.SerialGenerator; no serial comes back before 2^32 others. godbus's own
// generator remembers each call without an answer for ever.
func (s *Serials) RetireSerial(uint32) {}
