%module(package="libasync") capi

%include "bindings/libasync.i"
