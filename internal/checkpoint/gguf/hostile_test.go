package gguf_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/checkpoint/checkpointtest"
	"github.com/lpuctl/lpuctl/internal/checkpoint/gguf"
)

type (
	file   = checkpointtest.GGUF
	kv     = checkpointtest.KV
	tensor = checkpointtest.GGUFTensor
	raw    = checkpointtest.Raw
)

// patch returns a copy of data with bytes replaced from an offset on.
func patch(data []byte, at int, with ...byte) []byte {
	out := append([]byte(nil), data...)
	copy(out[at:], with)
	return out
}

func u64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// array is a metadata value that claims n elements of a type.
func array(id uint32, n uint64, elements ...byte) raw {
	b := []byte{9, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, id)
	return append(append(b, u64(n)...), elements...)
}

func one(t tensor) []byte { return file{Tensors: []tensor{t}}.Bytes() }

func key(v any) []byte { return file{KV: []kv{{Key: "k", Value: v}}}.Bytes() }

func TestRefuses(t *testing.T) {
	ramp := checkpointtest.Ramp("w", 4)
	empty := file{}.Bytes()
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "magic: 4 bytes at offset 0 end after the file (0 bytes)"},
		{"magic", []byte("GGML...."), `starts with "GGML", not with GGUF`},
		{"version 0", patch(empty, 4, 0, 0, 0, 0), "version 0 is not supported; 2 and 3 are"},
		{"version 1", patch(empty, 4, 1), "version 1 is not supported; 2 and 3 are"},
		{"version 4", patch(empty, 4, 4), "version 4 is not supported; 2 and 3 are"},
		{"big-endian", patch(empty, 4, 0, 0, 0, 3), "version is 0x03000000: the file is big-endian, which is not supported"},
		{"short", empty[:20], "number of metadata keys: 8 bytes at offset 16 end after the file (20 bytes)"},
		{"negative tensors", patch(empty, 8, u64(math.MaxUint64)...), "number of tensors is -1"},
		{"negative keys", patch(empty, 16, u64(1<<63)...), "number of metadata keys is -9223372036854775808"},
		{"many tensors", patch(empty, 8, u64(1<<40)...), "number of tensors is 1099511627776, but only 8 bytes remain for the header"},
		{"many keys", patch(append(empty, make([]byte, 70000)...), 16, u64(65537)...), "65537 metadata keys, more than 65536"},
		{"too many tensors", patch(append(empty, make([]byte, 140000)...), 8, u64(131073)...), "131073 tensors, more than 131072"},
		{"empty key", file{KV: []kv{{Key: "", Value: true}}}.Bytes(), "metadata key 0 is empty"},
		{"long key", file{KV: []kv{{Key: strings.Repeat("k", 65536), Value: true}}}.Bytes(), "metadata key 0 has 65536 bytes, more than 65535"},
		{"duplicate key", file{KV: []kv{{Key: "k", Value: true}, {Key: "k", Value: true}}}.Bytes(), `metadata key "k" appears twice`},
		{"value type", key(raw{13, 0, 0, 0}), `metadata key "k": metadata type 13 does not exist`},
		{"bool 2", key(raw{7, 0, 0, 0, 2}), `metadata key "k": bool is 2, not 0 or 1`},
		{"bool in array", key(array(7, 2, 1, 3)), `metadata key "k": element 1: bool is 3, not 0 or 1`},
		{"nested array", key(array(9, 1)), `metadata key "k": array of arrays`},
		{"array type", key(array(77, 1)), `metadata key "k": array of metadata type 77, which does not exist`},
		{"array 2^30", key(array(0, 1<<30+1)), `metadata key "k": array of 1073741825 elements, more than 1073741824`},
		{"array over the end", key(array(4, 1<<20)), `metadata key "k": 4194304 bytes at offset 49 end after the file (49 bytes)`},
		{"strings over the end", key(array(8, 1<<20)), `metadata key "k": 1048576 strings do not fit the remaining 0 bytes`},
		{"string 2^30", key(raw(append([]byte{8, 0, 0, 0}, u64(1<<30+1)...))), `metadata key "k": string of 1073741825 bytes, more than 1073741824`},
		{"string over the end", key(raw(append([]byte{8, 0, 0, 0}, u64(100)...))), `metadata key "k": 100 bytes at offset 45 end after the file (45 bytes)`},
		{"tensor name", one(tensor{Name: strings.Repeat("n", 64)}), "tensor 0 has a name of 64 bytes, more than 63"},
		{"duplicate tensor", file{Tensors: []tensor{ramp, ramp}}.Bytes(), `tensor "w" appears twice`},
		{"5 dimensions", one(tensor{Name: "w", Dims: make([]uint64, 5)}), `tensor "w": 5 dimensions, more than 4`},
		{"negative dimension", one(tensor{Name: "w", Dims: []uint64{1 << 63}}), `tensor "w": dimension -9223372036854775808 is negative`},
		{"element overflow", one(tensor{Name: "w", Dims: []uint64{1 << 31, 1 << 32}}), `tensor "w": the product of dimensions [2147483648 4294967296] overflows`},
		{"byte overflow", one(tensor{Name: "w", Dims: []uint64{1 << 62}}), `tensor "w": quant: the bytes of 4611686018427387904 elements of type F32 overflow`},
		{"removed type", one(tensor{Name: "w", Type: 4}), `tensor "w": type id 4 does not exist`},
		{"type 43", one(tensor{Name: "w", Type: 43}), `tensor "w": type id 43 does not exist`},
		{"type -1", one(tensor{Name: "w", Type: math.MaxUint32}), `tensor "w": type id 4294967295 does not exist`},
		{"half a block", one(tensor{Name: "w", Dims: []uint64{48, 2}, Type: 2}), `tensor "w": rows of 48 elements are not a whole number of Q4_0 blocks of 32`},
		{"offset", one(tensor{Name: "w", Dims: []uint64{4}, Data: make([]byte, 64), OffsetAdd: 32}), `tensor "w": offset 32, but the tensors before it end at 0`},
		{"over the end", one(tensor{Name: "w", Dims: []uint64{4}, Data: make([]byte, 15)}), `tensor "w": offset 0 + 16 bytes end after the file (79 bytes, tensor data from 64)`},
		{"no data at all", one(tensor{Name: "w", Dims: []uint64{4}})[:57], `tensor "w": offset 0 + 16 bytes end after the file (57 bytes, tensor data from 64)`},
		{"alignment type", file{}.Set("general.alignment", uint64(32)).Bytes(), "general.alignment is a uint64, not a uint32"},
		{"alignment 0", file{}.Set("general.alignment", uint32(0)).Bytes(), "general.alignment 0 is not a power of two"},
		{"alignment 48", file{}.Set("general.alignment", uint32(48)).Bytes(), "general.alignment 48 is not a power of two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := gguf.Parse("hostile.gguf", c.data)
			require.EqualError(t, err, "gguf: hostile.gguf: "+c.want)
		})
	}
}

func TestHeaderLimit(t *testing.T) {
	data := file{KV: []kv{{Key: "k", Value: raw(append([]byte{8, 0, 0, 0}, u64(65<<20)...))}}}.Bytes()
	_, err := gguf.Parse("long.gguf", append(data, make([]byte, 66<<20)...))
	require.EqualError(t, err, `gguf: long.gguf: metadata key "k": the header is longer than 67108864 bytes`)
}

// TestTruncated cuts a sound file everywhere in its header and in the first tensor.
func TestTruncated(t *testing.T) {
	data := checkpointtest.TinyGGUF().Bytes()
	for n := range 2000 {
		_, err := gguf.Parse("cut", data[:n])
		require.Error(t, err, "%d bytes", n)
	}
}

func FuzzGGUF(f *testing.F) {
	f.Add(key(array(8, 2, 1, 0, 0, 0, 0, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0, 0)))
	f.Add(file{KV: []kv{{Key: "general.alignment", Value: uint32(64)}}, Align: 64, Tensors: []tensor{checkpointtest.Ramp("w", 4)}}.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := gguf.Parse("fuzz", data)
		if err != nil {
			return
		}
		total := 0
		for _, tensor := range parsed.Tensors() {
			total += len(tensor.Data)
		}
		require.LessOrEqual(t, total, len(data), "tensors overlap")
	})
}
