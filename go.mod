module rockpool.dev

go 1.26
