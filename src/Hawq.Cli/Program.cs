Console.WriteLine("hawq");
