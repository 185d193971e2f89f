// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The image of the container that holds a pod's namespaces: one static program that waits for ever.
 * The driver writes it byte by byte, so that no registry is needed for it.
 */
final class InfraImage {
    static final String PROGRAM = "/pause";

    private static final String REPOSITORY = "wayside.dev/infra";
    private static final Duration LOAD = Duration.ofSeconds(30);

    /** Where the program is in memory. */
    private static final long ADDRESS = 0x400000;

    private static final int ELF_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int TAR_BLOCK = 512;

    private final DockerApi api;

    InfraImage(DockerApi api) {
        this.api = api;
    }

    /** Loads the image for the engine's architecture unless it is there, and gives its name. */
    String ensure() throws DriverException {
        byte[] program = program(api.engine().architecture());
        String tag = digest(program).substring(0, 12);
        String name = REPOSITORY + ":" + tag;
        if (api.get("/images/" + name + "/json").good()) {
            return name;
        }
        AtomicReference<@Nullable String> error = new AtomicReference<>();
        DockerApi.Reply reply =
                api.stream(
                        "/images/create?fromSrc=-&repo=" + REPOSITORY + "&tag=" + tag,
                        "application/x-tar",
                        tar("pause", program),
                        LOAD,
                        LOAD,
                        line -> line.string("error").ifPresent(error::set));
        if (!reply.good()) {
            throw DockerApi.unexpected("loading " + name, reply);
        }
        String message = error.get();
        if (message != null) {
            throw Failures.unavailable("DockerError", "loading " + name + ": " + message);
        }
        return name;
    }

    static byte[] program(String architecture) throws DriverException {
        return switch (architecture) {
            case "amd64" ->
                    elf(
                            62, // EM_X86_64
                            HexFormat.of()
                                    .parseHex(
                                            "b822000000" // mov eax, 34: pause
                                                    + "0f05" // syscall
                                                    + "ebf7")); // jmp to the start
            case "arm64" ->
                    elf(
                            183, // EM_AARCH64; it has no pause: ppoll(NULL, 0, NULL, NULL)
                            HexFormat.of()
                                    .parseHex(
                                            "000080d2" // mov x0, #0
                                                    + "010080d2" // mov x1, #0
                                                    + "020080d2" // mov x2, #0
                                                    + "030080d2" // mov x3, #0
                                                    + "280980d2" // mov x8, #73: ppoll
                                                    + "010000d4" // svc #0
                                                    + "faffff17")); // b to the start
            default ->
                    throw Failures.refused(
                            "CreatePodSandboxError",
                            "no infra image for the architecture \""
                                    + architecture
                                    + "\": amd64 and arm64 are known");
        };
    }

    /** A static executable: the ELF header, one program header, the code. */
    private static byte[] elf(int machine, byte[] code) {
        int size = ELF_HEADER + PROGRAM_HEADER + code.length;
        ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}); // 64 bits, little endian, version 1
        elf.position(16);
        elf.putShort((short) 2); // ET_EXEC
        elf.putShort((short) machine);
        elf.putInt(1); // version
        elf.putLong(ADDRESS + ELF_HEADER + PROGRAM_HEADER); // entry
        elf.putLong(ELF_HEADER); // where the program headers are
        elf.putLong(0); // no sections
        elf.putInt(0); // flags
        elf.putShort((short) ELF_HEADER);
        elf.putShort((short) PROGRAM_HEADER);
        elf.putShort((short) 1); // one program header
        elf.putShort((short) 0);
        elf.putShort((short) 0);
        elf.putShort((short) 0);

        elf.putInt(1); // PT_LOAD
        elf.putInt(5); // readable, executable
        elf.putLong(0); // the whole file,
        elf.putLong(ADDRESS); // there
        elf.putLong(ADDRESS);
        elf.putLong(size);
        elf.putLong(size);
        elf.putLong(0x10000); // alignment: good for pages of 4 to 64 KiB

        elf.put(code);
        return elf.array();
    }

    /** One file, readable and executable by all, in a POSIX archive. */
    private static byte[] tar(String name, byte[] content) {
        int blocks = (content.length + TAR_BLOCK - 1) / TAR_BLOCK;
        byte[] tar = new byte[TAR_BLOCK * (1 + blocks + 2)];
        put(tar, 0, name);
        put(tar, 100, "0000555"); // mode
        put(tar, 108, "0000000"); // owner
        put(tar, 116, "0000000"); // group
        put(tar, 124, String.format("%011o", content.length));
        put(tar, 136, "00000000000"); // time
        put(tar, 148, "        "); // the checksum counts as blanks in its own sum
        put(tar, 156, "0"); // a plain file
        put(tar, 257, "ustar\00000");
        int sum = 0;
        for (int i = 0; i < TAR_BLOCK; i++) {
            sum += tar[i] & 0xff;
        }
        put(tar, 148, String.format("%06o\0 ", sum));
        System.arraycopy(content, 0, tar, TAR_BLOCK, content.length);
        return tar;
    }

    private static void put(byte[] into, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, into, at, bytes.length);
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
