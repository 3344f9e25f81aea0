# What MIME::Parser (libmime-tools-perl) sees in each message named on standard input: a line of JSON each, a list of
# [type, name, sha256, sha256 with CRLF] of the leaves, or null if it objects.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Parser;
use MIME::WordDecoder;

sub leaves {
    my ($entity, $found) = @_;
    return map { leaves($_, $found) } $entity->parts if $entity->parts;
    my $body = $entity->bodyhandle ? $entity->bodyhandle->as_string : "";
    (my $crlf = $body) =~ s/\r?\n/\r\n/g;
    push @$found, [lc $entity->effective_type, $entity->head->recommended_filename, sha256_hex($body), sha256_hex($crlf)];
}

my $json = JSON::PP->new->ascii;
while (my $path = <STDIN>) {
    chomp $path;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_nested_messages('NEST');
    my $found = [];
    my $entity = eval { $parser->parse_open($path) };
    leaves($entity, $found) if $entity;
    print $json->encode($entity ? $found : undef), "\n";
}
