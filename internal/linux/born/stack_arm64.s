#include "textflag.h"

// func cloneOnStack(args *cloneArgs, size, entry uintptr, memory unsafe.Pointer) (pid uintptr)
TEXT ·cloneOnStack(SB), NOSPLIT, $0-40
	MOVD args+0(FP), R0
	MOVD size+8(FP), R1
	MOVD entry+16(FP), R20
	MOVD memory+24(FP), R19
	MOVD $435, R8 // clone3
	SVC
	CBZ  R0, child
	MOVD R0, pid+32(FP)
	RET

child: // on a stack of its own; as Go calls a function inside (cmd/compile/abi-internal.md)
	SUB  $64, RSP
	MOVD R19, R0
	CALL (R20)
	BRK
