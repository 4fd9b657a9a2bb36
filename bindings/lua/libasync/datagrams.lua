--- Datagram sockets: what waits is awaited here, so that it works where C functions cannot go on after a yield.
return function(async, inner)
    local methods = inner.Datagram.__index
    local receive, receive_batch, drain = methods.receive, methods.receive_batch, methods.drain

    --- bytes, address = socket:receive()
    function methods.receive(socket)
        return async.await(receive(socket))
    end

    --- batch = socket:receive_batch(most): a list of { bytes, address }, of at least one
    function methods.receive_batch(socket, most)
        local batch = {}

        for index = 1, async.await(receive_batch(socket, most)) do
            batch[index] = { methods.bytes(socket, index), methods.sender(socket, index) }
        end
        return batch
    end

    function methods.drain(socket)
        return async.await(drain(socket))
    end
end
