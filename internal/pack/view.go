package pack

import "unsafe"

// alignedBytes allocates n zero bytes aligned for the views below.
func alignedBytes(n int64) []byte {
	words := make([]uint64, (n+7)/8)
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
}

// Uint16s views little-endian bytes as 16-bit words; len(b) is even.
func Uint16s(b []byte) []uint16 { return view[uint16](b) }

// Floats views little-endian bytes as float32; len(b) is a multiple of 4.
func Floats(b []byte) []float32 { return view[float32](b) }

// Int32s views little-endian bytes as 32-bit integers; len(b) is a multiple of 4.
func Int32s(b []byte) []int32 { return view[int32](b) }

// Int8s views bytes as signed integers.
func Int8s(b []byte) []int8 { return view[int8](b) }

func view[T uint16 | float32 | int32 | int8](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/int(unsafe.Sizeof(zero)))
}
