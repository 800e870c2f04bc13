package builtin

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpen(t *testing.T) {
	for _, name := range Names() {
		data, err := Open(name)
		require.NoError(t, err)
		require.Equal(t, "GGUF", string(data[:4]))
	}
	_, err := Open("stories15m")
	require.EqualError(t, err, `builtin: no model "stories15m"; there is stories260k`)
}

func TestContent(t *testing.T) {
	data, err := Open("stories260k")
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	require.Equal(t, "270cba1bd5109f42d03350f60406024560464db173c0e387d91f0426d3bd256d", hex.EncodeToString(sum[:]))
}
