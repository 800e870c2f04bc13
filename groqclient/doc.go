// Package groqclient is a client for the Groq API.
package groqclient
