package bus

const maxName = 255

// validPath reports whether s is an object path.
func validPath(s []byte) bool {
	if len(s) == 0 || s[0] != '/' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] == '/' {
			if s[i-1] == '/' {
				return false
			}
		} else if !isWord(s[i]) {
			return false
		}
	}
	return len(s) == 1 || s[len(s)-1] != '/'
}

// validInterface reports whether s is the name of an interface or an error.
func validInterface(s []byte) bool {
	dots := 0
	for i, c := range s {
		begins := i == 0 || s[i-1] == '.'
		switch {
		case c == '.' && !begins:
			dots++
		case !isWord(c) || begins && isDigit(c):
			return false
		}
	}
	return dots > 0 && s[len(s)-1] != '.' && len(s) <= maxName
}

// validMember reports whether s is the name of a method or a signal.
func validMember(s []byte) bool {
	for i, c := range s {
		if !isWord(c) || i == 0 && isDigit(c) {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxName
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
}
