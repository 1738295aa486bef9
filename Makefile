# The front door. `make help` lists what there is.
.PHONY: all help clean
all:
	cmake --preset release
	cmake --build --preset release
clean:
	rm -rf build build-*
