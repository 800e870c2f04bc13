package golden

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// loadRecorded reads a golden of testdata. It trusts the file: lpuctl itself reads goldens with a strict reader, which this
// package does not import.
func loadRecorded(t *testing.T, name string) *Recorded {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	n := binary.LittleEndian.Uint64(data)
	header, body := data[8:8+n], data[8+n:]
	var meta struct {
		Metadata map[string]string `json:"__metadata__"`
	}
	var tensors map[string]struct {
		Shape   []int
		Offsets [2]int `json:"data_offsets"`
	}
	require.NoError(t, json.Unmarshal(header, &meta))
	require.NoError(t, json.Unmarshal(header, &tensors))
	tensor := func(name string, dst any) {
		at := tensors[name].Offsets
		require.NoError(t, binary.Read(bytes.NewReader(body[at[0]:at[1]]), binary.LittleEndian, dst))
	}

	logits, hidden := tensors["logits"].Shape, tensors["hidden"].Shape
	r := &Recorded{Engine: meta.Metadata["engine"], Vocab: logits[1], HiddenSize: hidden[2],
		Logits: make([]float32, logits[0]*logits[1]), Hidden: make([]float32, hidden[0]*hidden[1]*hidden[2])}
	r.Prompt, err = strconv.Atoi(meta.Metadata["prompt_length"])
	require.NoError(t, err)
	ids := make([]int64, tensors["ids"].Shape[0])
	tensor("ids", ids)
	tensor("logits", r.Logits)
	tensor("hidden", r.Hidden)
	for _, id := range ids {
		r.IDs = append(r.IDs, int(id))
	}
	return r
}

// llamaCppIDs is what llama.cpp chose greedily after BOS (node-llama-cpp 3.22.1, f16 and f32 KV cache alike).
var llamaCppIDs = []int{
	1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426,
	338, 401, 396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282, 295, 433, 426,
	385, 328, 432, 358, 394, 261, 370, 432, 352, 266, 268, 388, 426, 338, 391, 266,
	267, 337, 335, 312, 432, 398, 312, 286, 267, 414, 270, 333, 415, 426, 13, 438,
	310, 439, 419, 357, 336, 432, 313, 438, 310, 432, 278, 316, 439, 419, 298, 414,
	267, 265, 282, 295, 433, 426, 436, 317, 286, 296, 418, 269, 279, 292, 416, 439,
}

// The figures are numpy's, computed from the same two files: float32 and float64 of the same model are as far apart as
// the policy expects of a float32 engine, and a tenth of its limits.
func TestStories260K(t *testing.T) {
	hf, exact := loadRecorded(t, "stories260k.hf.safetensors"), loadRecorded(t, "stories260k.f64.safetensors")
	require.Equal(t, llamaCppIDs, hf.IDs)
	require.Equal(t, 32, hf.Prompt)

	v := Logits(Float32Policy(), exact, hf)
	require.Equal(t, WithinTolerance, v.Outcome, v.Reason)
	s := v.Logits
	require.InEpsilon(t, 2.4928189e-07, s.RelativeL2, 1e-7)
	require.Equal(t, 23, s.Worst)
	require.InEpsilon(t, 2.2450456e-06, s.Positions[s.Worst].RelativeL2, 1e-7)
	require.InEpsilon(t, 4.26e-13, s.MeanKL, 0.05) // near the rounding noise of float64
	require.Equal(t, 1.0, s.Top1)

	h := Hidden(Float32Policy(), exact, hf)
	require.Equal(t, WithinTolerance, h.Outcome, h.Reason)
	require.Len(t, h.Hidden.Layers, 6)
	require.Zero(t, h.Hidden.Layers[0].RelativeL2)
}

// Logits of another precision: numpy gives the same figures where they are far from rounding noise.
func TestStories260KRoundedToHalves(t *testing.T) {
	hf, exact := loadRecorded(t, "stories260k.hf.safetensors"), loadRecorded(t, "stories260k.f64.safetensors")
	for i, v := range hf.Logits {
		hf.Logits[i] = float32(math.RoundToEven(2*float64(v)) / 2)
	}
	v := Logits(Float32Policy(), exact, hf)
	require.Equal(t, Differs, v.Outcome)
	require.InEpsilon(t, 0.015863002031539952, v.Logits.RelativeL2, 1e-12)
	require.InEpsilon(t, 0.0038231293427587487, v.Logits.MeanKL, 1e-9)
	require.Equal(t, 0.9375, v.Logits.Top1)
	require.InEpsilon(t, 0.9125, v.Logits.Top5, 1e-12)
}
