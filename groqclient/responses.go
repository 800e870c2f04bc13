package groqclient

type Response struct{}
